"""Of campaigns: nobody is written to against their word, or twice."""

from __future__ import annotations

from tests.sabotage.removing import Edit, Safeguard

_CONSENTS = "services/campaigns/consent/store.py"
_SENDING = "services/campaigns/messages/jobs.py"
_LAST_WORD = """
WHERE (c.occurred_at, array_position(ARRAY['given', 'pending', 'withdrawn'], c.state), c.record)
    < (excluded.occurred_at, array_position(ARRAY['given', 'pending', 'withdrawn'], excluded.state), excluded.record)
"""
CAMPAIGNS = (
    Safeguard(
        "consents are held at the claim",
        (Edit(_CONSENTS, '_LOCK.replace("FOR UPDATE", "FOR SHARE")', '_LOCK.replace("FOR UPDATE OF c", "")'),),
        ("tests/campaigns_messages/test_sending.py",),
    ),
    Safeguard(
        "claimed before it is sent",
        (
            Edit(
                _SENDING,
                "            await consent.purge_links(tx.conn)\n",
                "            await consent.purge_links(tx.conn)\n            answers = await self.hand_over(tokens)\n",
            ),
            Edit(_SENDING, "        return tokens, len(found)\n", "        return answers, len(found)\n"),
            Edit(_SENDING, "self.end(await self.hand_over(claimed))", "self.end(claimed)"),
        ),
        ("tests/campaigns_messages/test_claiming.py",),
    ),
    Safeguard(
        "the last word on a channel holds",
        (Edit(_CONSENTS, _LAST_WORD, "\n"),),
        ("tests/campaigns_consent/test_pages.py",),
    ),
    Safeguard(
        "a withdrawal ends every purpose",
        (
            Edit(
                "services/campaigns/consent/domain.py",
                'if one.purpose == EVERY_PURPOSE and one.state == "withdrawn":',
                "if False:",
            ),
        ),
        ("tests/campaigns_consent/test_domain.py",),
    ),
)
