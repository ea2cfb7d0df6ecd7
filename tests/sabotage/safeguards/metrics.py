"""Of metrics: orders counted once, stages taken back, books."""

from __future__ import annotations

from tests.sabotage.removing import Edit, Safeguard

METRICS = (
    Safeguard(
        "sorting of customers",
        (
            Edit(
                "services/metrics/orders/store/customers.py",
                "ORDER BY c.shop, c.generation, c.customer\nFOR UPDATE",
                "ORDER BY random()\nFOR UPDATE",
            ),
        ),
        ("tests/metrics/test_concurrency.py",),
    ),
    Safeguard(
        "sorting of counters",
        (Edit("services/metrics/counters/store/adding.py", "ORDER BY n\n", "ORDER BY random()\n"),),
        ("tests/metrics/test_concurrency.py",),
    ),
    Safeguard(
        "lock of the order row",
        (
            Edit(
                "services/metrics/orders/store/facts.py",
                "ORDER BY o.shop, o.order_id\nFOR UPDATE OF o\n",
                "ORDER BY o.shop, o.order_id\n",
            ),
        ),
        ("tests/metrics/test_concurrency.py",),
    ),
    Safeguard(
        "order stub",
        (Edit("services/metrics/orders/store/facts.py", "    if batch.states:\n", "    if False:\n"),),
        ("tests/metrics/test_consumer.py",),
    ),
    Safeguard(
        "retraction",
        (
            Edit(
                "services/metrics/orders/domain/decide.py",
                "_joined((appended, now, was))",
                "_joined((appended, now))",
            ),
        ),
        ("tests/metrics/test_consumer.py",),
    ),
    Safeguard(
        "taking stages back",
        (
            Edit(
                "services/metrics/lifecycle/domain/walking.py", "        for at in untrue:\n", "        for at in ():\n"
            ),
        ),
        ("tests/metrics_lifecycle/test_wall.py",),
    ),
    Safeguard(
        "late flag",
        (
            Edit(
                "services/metrics/lifecycle/domain/walking.py",
                "late=change.day < cause.horizon",
                "late=False",
            ),
        ),
        ("tests/metrics_lifecycle/test_wall.py",),
    ),
    Safeguard(
        "what fell due comes first",
        (
            Edit(
                "services/metrics/lifecycle/domain/stages.py",
                "    standing, changes = fall_due(standing, rules, day)\n    beats = ",
                "    changes: list[Transition] = []\n    beats = ",
            ),
        ),
        ("tests/metrics_lifecycle/test_domain_stages.py",),
    ),
    Safeguard(
        "difference of the books",
        (
            Edit(
                "services/metrics/orders/consumer.py",
                "        await counters.add(conn, booked, numbers, work.shard, counters.BOOKED)\n",
                "        pass\n",
            ),
        ),
        ("tests/metrics/test_booked.py",),
    ),
)
