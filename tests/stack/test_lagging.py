"""What `mandegar status` reads off a worker's metrics: live events and history apart."""

from __future__ import annotations

from mandegar.stack.lagging import behind, counted

EXPOSITION = """\
# HELP mandegar_lag_events Events behind the end
mandegar_lag_events{partition="0",service="gateway",topic="raw.orders.v1"} 3.0
mandegar_lag_events{partition="1",service="gateway",topic="raw.orders.v1"} 0.0
mandegar_lag_events{partition="0",service="gateway",topic="raw.orders.backfill.v1"} 1.25e+06
mandegar_lag_seconds{partition="0",service="gateway",topic="raw.orders.v1"} 9.0
"""


def test_history_is_told_apart_from_live_events() -> None:
    assert counted(EXPOSITION) == (3, 1_250_000)


def test_who_tells_of_no_lag_has_none_to_show() -> None:
    assert counted("process_cpu_seconds_total 1.0\n") is None
    assert behind("http://127.0.0.1:1") is None
