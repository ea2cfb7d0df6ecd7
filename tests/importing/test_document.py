"""The example of docs/IMPORTING.md does what the page says."""

from __future__ import annotations

from pathlib import Path

from mandegar.importing import preview
from mandegar.importing.headings import FIELDS
from tests.importing.ground import entries, planned

_PAGE = Path(__file__).parents[2] / "docs" / "IMPORTING.md"


def test_the_pages_table_gives_two_orders_and_one_error_row(tmp_path: Path) -> None:
    page = _PAGE.read_text(encoding="utf-8")
    path = tmp_path / "orders.csv"
    path.write_text(page.split("```csv\n")[1].split("```")[0], encoding="utf-8")
    plan = planned(path, zone="Asia/Tehran", currency="IRR")
    shown = preview(plan)
    assert (shown["orders"], shown["cancelled"], shown["error_rows"], shown["unused"]) == (2, 1, 1, [])
    assert len(entries(plan)[0]) == 2


def test_the_page_names_every_field() -> None:
    page = _PAGE.read_text(encoding="utf-8")
    assert not [field for field in FIELDS if f"`{field}`" not in page]
