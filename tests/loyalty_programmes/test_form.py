"""The form of a programme: what is refused and how, files, and what a check finds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given

from services.loyalty.programmes import Programme, ready_programme
from services.loyalty.programmes.domain.checking import check
from services.loyalty.programmes.domain.differing import differences
from services.loyalty.programmes.domain.reading import (
    ProgrammeError,
    from_stored,
    read_file,
    read_programme,
    stored,
    write_file,
)
from shared.kernel.currencies import MINOR_DIGITS
from tests.loyalty_earning.ground import TIERS, fixed, programme, programmes, rule

PHONE = "09121234567"
REVIEW = {"kind": "interaction", "names": ["product reviewed"]}


def refused(data: Any) -> list[tuple[str, str]]:
    with pytest.raises(ProgrammeError) as found:
        read_programme(data)
    assert PHONE not in str(found.value)
    return [(one.field, one.reason) for one in found.value.troubles]


def data(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "Points", "currency": "EUR", "rules": list(rules) or [rule()], **more}


@pytest.mark.parametrize(
    ("given_data", "field", "reason"),
    [
        ([], "", "must be an object"),
        ({}, "name", "is required"),
        (data(rule(earn={"kind": "rate", "points": 0, "per": 1})), "rules.0.earn.points", "must be at least 1"),
        (data(rule(earn=fixed(10**9 + 1))), "rules.0.earn.points", f"must be at most {10**9}"),
        (data(rule(earn={"kind": "rate", "points": "5", "per": 1})), "rules.0.earn.points", "must be a whole number"),
        (data(rule(earn={"kind": "rate", "points": 5.0, "per": 1})), "rules.0.earn.points", "must be a whole number"),
        (data(rule(earn={"kind": "rate", "points": True, "per": 1})), "rules.0.earn.points", "must be a whole number"),
        (data(rule(earn={"kind": PHONE, "points": 1})), "rules.0.earn.kind", "is none of the values that it may have"),
        (data(rule(earn={"points": 1})), "rules.0.earn.kind", "is required"),
        (data(**{PHONE: 1}), "", "has a field that is not known"),
        (data(stackin="sum"), "stackin", "is not a known field"),
        (data(stacking=PHONE), "stacking", "is none of the values that it may have"),
        (data(currency=PHONE), "currency", "has the wrong form"),
        (data(rules=[]), "rules", "must have at least 1 items"),
        (data(rules=5), "rules", "must be a list"),
        (data(rule(name="x" * 201)), "rules.0.name", "must have at most 200 characters"),
        (data(rule(when={"kind": "dates", "since": PHONE})), "rules.0.when.since", "must be a date such as"),
        (data(rule(when={"kind": "all", "of": [{"kind": "not"}]})), "rules.0.when.of.0.that", "is required"),
        (data(tiers=[]), "tiers", "must be an object or null"),
    ],
)
def test_what_has_not_the_form_is_refused_by_field_and_never_repeated(given_data: Any, field: str, reason: str) -> None:
    (found,) = refused(given_data)
    assert found[0] == field
    assert found[1].startswith(reason)


def deep(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = {"kind": "first", "count": 1}
    for _ in range(levels):
        node = {"kind": "not", "that": node}
    return node


def found_in(made: Programme) -> list[tuple[str, str]]:
    return [(one.field, one.weight) for one in check(made)]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (programme(rule(), rule()), [("rules.0.id", "error"), ("rules.1.id", "error")]),
        (programme(currency="IRT"), [("currency", "error")]),
        (
            programme(rule(earn={"kind": "rate", "points": 1, "per": 1, "currency": "ABC"})),
            [("rules.0.earn.currency", "error")],
        ),
        (programme(rule("r", on=REVIEW)), [("rules.0.earn.kind", "error")]),
        (programme(rule("r", fixed(1), on=REVIEW, when={"kind": "spend", "least": 1})), [("rules.0.when", "error")]),
        (
            programme(rule("r", fixed(1), on={"kind": "interaction", "names": ["A", "a "]})),
            [("rules.0.on.names.1", "error")],
        ),
        (programme(rule(when={"kind": "spend"})), [("rules.0.when", "error")]),
        (programme(rule(when={"kind": "spend", "least": 2, "most": 1})), [("rules.0.when.least", "error")]),
        (programme(rule(when={"kind": "dates"})), [("rules.0.when", "error")]),
        (
            programme(rule(when={"kind": "dates", "since": "2026-02-01", "until": "2026-01-01"})),
            [("rules.0.when.since", "error")],
        ),
        (
            programme(rule(when={"kind": "hours", "since": "10:00", "until": "10:00"})),
            [("rules.0.when.until", "error")],
        ),
        (programme(rule(when={"kind": "weekdays", "days": ["fri", "fri"]})), [("rules.0.when.days", "error")]),
        (programme(rule(when={"kind": "nth"})), [("rules.0.when", "error")]),
        (programme(rule(when={"kind": "nth", "at": 1, "every": 2})), [("rules.0.when", "error")]),
        (
            programme(rule(when={"kind": "any", "of": [{"kind": "tier", "ids": ["gold"]}]})),
            [("rules.0.when.of.0.ids.0", "error")],
        ),
        (programme(rule(when={"kind": "tier", "ids": ["gold"]}), tiers=TIERS), []),
        (programme(rule(when=deep(7))), []),
        (programme(rule(when=deep(8))), [("rules.0.when.that.that.that.that.that.that.that.that", "error")]),
        (programme(caps=[{"points": 1, "per": "day"}] * 2), [("caps.1.per", "error")]),
        (programme(caps=[{"points": 9, "per": "day"}, {"points": 5, "per": "month"}]), [("caps.0.points", "hint")]),
        (programme(expiry={"kind": "rolling"}), [("expiry", "error")]),
        (programme(expiry={"kind": "sliding", "days": 1, "months": 1}), [("expiry", "error")]),
        (programme(expiry={"kind": "fixed", "dates": [{"month": 1, "day": 1}] * 2}), [("expiry.dates", "error")]),
        (programme(notices=[7, 7]), [("notices", "error"), ("notices", "hint")]),
        (programme(joining=["http", "http"]), [("joining", "error")]),
        (programme(rule(), rule("b"), stacking="first"), [("rules.1", "hint")]),
        (
            programme(tiers={"levels": [{"id": "a", "name": "A", "threshold": 5}]}),
            [("tiers.levels.0.threshold", "error")],
        ),
        (
            programme(
                tiers={
                    "levels": [
                        {"id": "a", "name": "A", "threshold": 0, "percent": 150},
                        {"id": "a", "name": "B", "threshold": 0},
                    ]
                }
            ),
            [("tiers.levels.1.threshold", "error"), ("tiers.levels.1.id", "error"), ("tiers.levels.1.percent", "hint")],
        ),
    ],
)
def test_a_check_finds_what_contradicts_itself_and_where(made: Programme, expected: list[tuple[str, str]]) -> None:
    found = found_in(made)
    # A programme of these tests has points that never expire, and the usual notices.
    assert [one for one in found if one != ("notices", "hint") or one in expected] == expected


def test_every_finding_says_what_to_do() -> None:
    found = check(programme(rule(when={"kind": "spend"}), currency="IRT", expiry={"kind": "rolling"}))
    assert len(found) == 3
    assert all("give" in one.reason for one in found)


@pytest.mark.parametrize("currency", sorted(MINOR_DIGITS))
def test_the_ready_programme_holds_together_in_every_currency(currency: str) -> None:
    assert check(ready_programme(currency)) == []


@given(programmes())
def test_a_file_and_what_is_stored_read_back_the_same_and_write_the_same_bytes(made: Programme) -> None:
    file = write_file(made)
    again = read_file(msgspec.json.decode(file))
    assert again == made
    assert write_file(again) == file
    assert from_stored(stored(made)) == made


@pytest.mark.parametrize(
    ("file", "field"),
    [
        ([], ""),
        ({"form": "mandegar.programme/1"}, ""),
        ({"form": "mandegar.programme/9", "programme": data()}, "form"),
        ({"form": "mandegar.programme/1", "programme": data(currency="x")}, "programme.currency"),
        ({"form": "mandegar.programme/1", "programme": []}, "programme"),
    ],
)
def test_a_file_of_another_form_is_refused(file: Any, field: str) -> None:
    with pytest.raises(ProgrammeError) as found:
        read_file(file)
    assert [one.field for one in found.value.troubles] == [field]


def test_a_difference_names_rules_and_tiers_by_id_wherever_they_stand() -> None:
    before = programme(rule("a"), rule("b", fixed(5)), tiers=TIERS)
    after = programme(rule("b", fixed(7)), rule("a"), rule("c"), tiers=None, stacking="best")
    assert [(one.field, one.before, one.after) for one in differences(before, after) if one.field != "tiers"] == [
        ("rules.b.earn.points", 5, 7),
        ("rules.c", None, msgspec.json.decode(msgspec.json.encode(after.rules[2]))),
        ("rules.order", ["a", "b"], ["b", "a"]),
        ("stacking", "sum", "best"),
    ]


@given(programmes(), programmes())
def test_only_what_is_the_same_has_no_difference(one: Programme, other: Programme) -> None:
    assert (differences(one, other) == []) is (one == other)
