"""A shop's table, from the first look at it to its figures: previewed, mapped, its errors corrected, resumed."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.acceptance.conftest import Platform, until

pytestmark = [pytest.mark.stack, pytest.mark.slow]
# As docs/IMPORTING.md shows it.
_TABLE = """شماره سفارش;تاریخ سفارش;مبلغ;واحد پول;شماره موبایل;وضعیت
۱۰۴۱;۱۴۰۳/۰۱/۰۲ ۱۸:۰۵;۲۵۰٬۰۰۰;تومان;۰۹۱۲۱۲۳۴۵۶۷;تکمیل شده
۱۰۴۲;۱۴۰۳/۰۱/۰۳;۹۰٬۰۰۰;تومان;۰۹۳۵۱۲۳۴۵۶۷;لغو شده
۱۰۴۳;دیروز;۱۲۰٬۰۰۰;تومان;۰۹۱۲۱۲۳۴۵۶۷;تکمیل شده
"""
_ROWS = 12_000
_AS_OF = "2024-03-25"


def revenue(platform: Platform, headers: dict[str, str], as_of: str = _AS_OF) -> tuple[int, int]:
    """(orders, revenue in minor units) of the year before a day."""
    answer = platform.ask("GET", f"/v1/retention?as_of={as_of}&window_days=365", headers, "metrics")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found["orders"], found["revenue"]["amount"]


def test_a_table_is_looked_at_mapped_sent_corrected_and_sent_again(platform: Platform, tmp_path: Path) -> None:
    platform.run(
        *("shops", "add", "laleh", "--zone", "Asia/Tehran", "--currency", "IRR", "--phone-region", "IR"),
    )
    headers = platform.key("laleh", "metrics:read")
    table, mapping = tmp_path / "orders.csv", tmp_path / "laleh.json"
    table.write_text(_TABLE, encoding="utf-8")

    seen = platform.run("import", str(table), "--shop", "laleh", "--preview", "--save-mapping", str(mapping)).stdout
    assert "2 orders (1 count for nothing), 1 error rows" in seen
    assert "شماره سفارش" in seen and "order_id" in seen, "which heading is taken for what"
    assert json.loads(mapping.read_text())["columns"]["phone"] == "شماره موبایل"
    assert not (tmp_path / "orders.csv.errors.csv").exists(), "a preview writes nothing but the mapping"

    done = platform.json("import", str(table), "--shop", "laleh", "--mapping", str(mapping), "--wait")
    assert (done["sent"], done["error_rows"]) == (2, 1)
    assert until(lambda: revenue(platform, headers)) == (1, 2_500_000), "Toman are ten rials; what was cancelled is not"

    errors = Path(done["errors_file"])
    with errors.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream, delimiter=";" if ";" in errors.read_text("utf-8-sig").splitlines()[0] else ","))
    assert len(rows) == 2 and any("دیروز" in cell for cell in rows[1])
    corrected = tmp_path / "corrected.csv"
    corrected.write_text(errors.read_text("utf-8-sig").replace("دیروز", "۱۴۰۳/۰۱/۰۴"), encoding="utf-8")
    again = platform.json("import", str(corrected), "--shop", "laleh", "--mapping", str(mapping), "--wait")
    assert (again["sent"], again["error_rows"]) == (1, 0)
    until(lambda: revenue(platform, headers) == (2, 3_700_000))

    for _ in range(2):
        platform.json("import", str(table), "--shop", "laleh", "--mapping", str(mapping), "--wait")
    assert revenue(platform, headers) == (2, 3_700_000), "what is imported again counts once"
    assert platform.json("dead-letters", "list") == []


def test_what_could_be_read_in_two_ways_is_asked_for_and_nothing_is_sent(platform: Platform, tmp_path: Path) -> None:
    table = tmp_path / "o.csv"
    table.write_text("Order ID,Date,Amount,Mobile\n1,03/04/2024,5,0912 123 4567\n", encoding="utf-8")
    shown = platform.run("import", str(table), "--preview").stdout
    assert "to be settled:" in shown and "--dates" in shown
    refused = platform.run("import", str(table), code=1)
    assert "--dates" in refused.stderr and "Traceback" not in refused.stderr


def test_an_import_that_was_killed_is_gone_on_with(platform: Platform, tmp_path: Path) -> None:
    platform.run("shops", "add", "sib", "--currency", "USD")
    headers = platform.key("sib", "metrics:read")
    table = tmp_path / "many.csv"
    lines = (f"{n},2023-{n % 12 + 1:02}-{n % 28 + 1:02},{n % 90 + 1},u{n % 3000}" for n in range(1, _ROWS + 1))
    table.write_text("Order ID,Date,Amount,Customer ID\n" + "\n".join(lines) + "\n", encoding="utf-8")
    command = ["import", str(table), "--shop", "sib"]
    running = subprocess.Popen(
        [sys.executable, "-m", "mandegar", *command],
        env=os.environ | {"MANDEGAR_DIRECTORY": str(platform.directory)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    state = platform.directory / "import"
    end = time.monotonic() + 60
    while not list(state.glob("*.state.json")) and running.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait(10)
    done = platform.json(*command, "--resume", "--wait")
    assert done["resumed"] + done["sent"] == _ROWS
    expected = _ROWS, sum(n % 90 + 1 for n in range(1, _ROWS + 1)) * 100
    until(lambda: revenue(platform, headers, "2023-12-31")[0] == expected[0])
    assert revenue(platform, headers, "2023-12-31") == expected
