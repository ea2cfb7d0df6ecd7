"""Of loyalty: the ledger, the day's turn, tiers, rewards."""

from __future__ import annotations

from tests.sabotage.removing import Edit, Safeguard

_SHELF = "services/loyalty/rewards/store/catalogue.py"

LOYALTY = (
    Safeguard(
        "lock of accounts",
        (Edit("services/loyalty/points/store/accounts.py", "\nFOR UPDATE OF a\n", "\n"),),
        ("tests/loyalty_points/test_posting.py",),
    ),
    Safeguard(
        "sorting of accounts",
        (
            Edit(
                "services/loyalty/points/store/accounts.py",
                "ORDER BY a.shop, a.customer\nFOR UPDATE",
                "ORDER BY random()\nFOR UPDATE",
            ),
        ),
        ("tests/loyalty_points/test_posting.py",),
    ),
    Safeguard(
        "accounts are made before any is locked",
        (
            Edit(
                "services/loyalty/points/store/accounts.py",
                "    wanted = sorted(whos)\n    found = _accounts(await",
                "    wanted = sorted(whos)\n"
                "    await conn.fetch(_LOCK, *_columns(wanted))\n"
                "    found = _accounts(await",
            ),
        ),
        ("tests/loyalty_points/test_locks.py",),
    ),
    Safeguard(
        "lots have their turn",
        (Edit("services/loyalty/points/domain/model.py", "key=lambda lot: lot.turn)", "key=lambda lot: lot.lot)"),),
        ("tests/loyalty_points/test_cases.py",),
    ),
    Safeguard(
        "repayments are given up with their debt",
        (
            Edit(
                "services/loyalty/points/domain/awarding.py",
                "        _give_up_repayments(book, lot, owed - account.owed)\n",
                "        owed = min(owed, account.owed)\n",
            ),
        ),
        ("tests/loyalty_points/test_cases.py",),
    ),
    Safeguard(
        "reviews come before expiry",
        (
            Edit(
                "services/loyalty/points/beside.py",
                "if own and _turn(own[0]) < place]",
                "if own and place == _AFTER_ALL]",
            ),
        ),
        ("tests/loyalty_tiers/test_days_turn.py",),
    ),
    Safeguard(
        "this morning's points count for this morning's review",
        (
            Edit(
                "services/loyalty/tiers/domain/standing.py",
                "self.measure(day - 1) + self.opening(day), ",
                "self.measure(day - 1), ",
            ),
        ),
        ("tests/loyalty_tiers/test_standing.py",),
    ),
    Safeguard(
        "what is taken back is counted off",
        (
            Edit(
                "services/loyalty/orders/domain/granting.py",
                "((-1, was, counted), (1, grant, kept))",
                "((1, grant, kept),)",
            ),
        ),
        ("tests/loyalty_tiers/test_reviewing.py",),
    ),
    Safeguard(
        "who is looked at by a timer is armed anew",
        (Edit("services/loyalty/tiers/reviewing.py", "one.asked.fired or ", ""),),
        ("tests/loyalty_tiers/test_reviewing.py",),
    ),
    Safeguard(
        "what is left of a reward",
        (Edit(_SHELF, "AND (stock IS NULL OR taken < stock)\n", "\n"),),
        ("tests/loyalty_rewards/test_redeeming.py",),
    ),
    Safeguard(
        "how many rewards one customer may have",
        (Edit(_SHELF, "u.customer = ANY($4)) < $6)", "u.customer = ANY($4)) < $6 + 1000)"),),
        ("tests/loyalty_rewards/test_redeeming.py",),
    ),
    Safeguard(
        "a reward is used once",
        (Edit("services/loyalty/rewards/redeeming.py", "named is not None and named == one.order_id", "one"),),
        ("tests/loyalty_rewards/test_redeeming.py",),
    ),
    Safeguard(
        "the second person",
        (Edit("services/loyalty/corrections/domain.py", "if who == one.asked_by:", "if False:"),),
        ("tests/loyalty_rewards/test_corrections.py",),
    ),
    Safeguard(
        "memberships are held as a reward is granted",
        (
            Edit(
                "services/loyalty/rewards/redeeming.py",
                "    if reward.valid_days is not None:\n        await _hold",
                "    if False:\n        await _hold",
            ),
        ),
        ("tests/loyalty_rewards/test_turning.py",),
    ),
    Safeguard(
        "orders of a customer with tiers go one way",
        (
            Edit(
                "services/loyalty/orders/consumer.py",
                "            orders = await told_alone(work.tx.conn, orders, heard, numbers, schemes)\n",
                "            pass\n",
            ),
        ),
        ("tests/loyalty_orders/test_plain.py",),
    ),
)
