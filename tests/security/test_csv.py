"""CSV that a spreadsheet opens: no cell of ours becomes a formula, and every text comes back as it was."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.tables import csv_line

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
TEXTS = st.text(alphabet=st.one_of(st.sampled_from("=+-@\t\r\n\"',;|'"), st.characters(codec="utf-8")), max_size=20)


def cells_of(line: str) -> list[str]:
    [row] = csv.reader(io.StringIO(line, newline=""), strict=True)
    return row


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", '"\'\r=1"'),
        ('=HYPERLINK("http://evil.example")', '"\'=HYPERLINK(""http://evil.example"")"'),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("plain", "plain"),
        ("a=b", "a=b"),
        ("'quoted", "'quoted"),
        (-5, "-5"),
        (-0.5, "-0.5"),
        (True, "true"),
        (date(2026, 3, 21), "2026-03-21"),
        (None, ""),
    ],
)
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe_and_a_number_does_not(
    cell: str | float | date | None, written: str
) -> None:
    assert csv_line([cell]) == written + "\r\n"


@given(st.lists(TEXTS, min_size=2, max_size=6))
def test_no_cell_begins_like_a_formula_and_no_text_is_lost(texts: list[str]) -> None:
    read = cells_of(csv_line(texts))
    assert not any(cell.startswith(FORMULAS) for cell in read)
    assert [cell[1:] if text.startswith(FORMULAS) else cell for cell, text in zip(read, texts, strict=True)] == texts


@given(st.lists(TEXTS, min_size=2, max_size=4), st.lists(TEXTS, min_size=2, max_size=4))
def test_no_cell_ends_its_line_or_begins_another(one: list[str], other: list[str]) -> None:
    rows = list(csv.reader(io.StringIO(csv_line(one) + csv_line(other), newline=""), strict=True))
    assert [len(row) for row in rows] == [len(one), len(other)]
