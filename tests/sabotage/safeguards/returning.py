"""Of what comes back of messages: nobody is written to at an address that bounces, or after a complaint."""

from __future__ import annotations

from tests.sabotage.removing import Edit, Safeguard

_ADDRESSES = ("tests/campaigns_channels/test_addresses.py",)
_BOUNCES = ("tests/campaigns_channels/test_bounces.py",)
RETURNING = (
    Safeguard(
        "an address that bounces is left alone",
        (Edit("services/campaigns/messages/domain.py", "if not contact or bounces:", "if not contact:"),),
        _ADDRESSES,
    ),
    Safeguard(
        "a refusal at the door is a bounce",
        (
            Edit(
                "services/campaigns/messages/jobs.py",
                "            await reports.add(tx.conn, bounced(answers, outcomes, ours, tx.now))\n",
                "",
            ),
        ),
        _ADDRESSES,
    ),
    Safeguard(
        "a bounce for good takes the place of one for the time being",
        (
            Edit(
                "services/campaigns/reports/store.py",
                "WHERE excluded.hard AND NOT r.hard\n",
                "WHERE false\n",
            ),
            Edit(
                "services/campaigns/reports/jobs.py",
                "            if report.hard and not before.hard:\n",
                "            if False:\n",
            ),
        ),
        _ADDRESSES,
    ),
    Safeguard(
        "what happened before a lift says nothing",
        (
            Edit(
                "services/campaigns/addresses/domain.py",
                "if lifted_at is not None and one.at <= lifted_at:",
                "if False:",
            ),
        ),
        _BOUNCES,
    ),
    Safeguard(
        "being refused by policy says nothing of an address",
        (Edit("services/campaigns/addresses/domain.py", 'if enhanced[2] == "7":', "if False:"),),
        _BOUNCES,
    ),
    Safeguard(
        "a complaint withdraws consent in the transaction that tells it",
        (
            Edit(
                "services/campaigns/reports/jobs.py",
                "wanted = [*_complained((receipts[at] for at in fresh), tx.now), *await",
                "wanted = [*await",
            ),
        ),
        _ADDRESSES,
    ),
    Safeguard(
        "a number that has passed on stops nothing of who had it",
        (
            Edit(
                "services/campaigns/reports/store.py",
                "AND later.claimed_at > m.claimed_at AND later.went_to <> m.went_to)",
                "AND false)",
            ),
        ),
        _ADDRESSES,
    ),
)
