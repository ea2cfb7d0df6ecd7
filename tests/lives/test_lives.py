"""Lives: the same bytes from the same seed, in the contract's form, with seasons, carts and moods that can be seen."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

import httpx
import msgspec
import phonenumbers
import pytest
from typer.testing import CliRunner

from mandegar.cli import create_cli
from mandegar.failures import CommandFailed
from mandegar.generating.lives import Lives, Market, generate_lives
from mandegar.generating.lives.people import PHONES, shopper
from mandegar.generating.lives.seasons import SEASONS, black_friday, factor, nowruz, ramadan, yalda
from mandegar.playing import CollectorRefused, play_to_collector
from shared.contracts import topics
from shared.contracts.raw_interactions import RawInteractionEvent
from shared.contracts.raw_orders import RawOrderEvent
from shared.kernel import month_of

MARKET = Market("lalehzar", customers=200, days=400, seed=7, start=date(2024, 3, 20))
FORMS: dict[str, Any] = {topics.RAW_ORDERS: RawOrderEvent, topics.RAW_INTERACTIONS: RawInteractionEvent}
RESERVED = tuple(f"@example.{end}" for end in ("com", "org", "net"))


@pytest.fixture(scope="module")
def lives() -> Lives:
    return generate_lives(MARKET)


def bodies(lives: Lives) -> Iterable[dict[str, Any]]:
    return (json.loads(event.value) for event in lives.events)


def test_the_same_seed_gives_the_same_bytes_and_another_one_others() -> None:
    market = replace(MARKET, customers=20, days=90)
    first = [event.value for event in generate_lives(market).events]
    assert first == [event.value for event in generate_lives(market).events]
    assert first != [event.value for event in generate_lives(replace(market, seed=8)).events]


def test_a_shopper_lives_the_same_life_whatever_others_there_are() -> None:
    few, more = (generate_lives(replace(MARKET, customers=count, days=200)) for count in (8, 30))
    assert few.shoppers == more.shoppers[:8]
    assert few.facts == more.facts[: len(few.facts)]
    assert few.carts == more.carts[: len(few.carts)]


def test_every_event_has_the_form_of_its_topic_and_an_id_of_its_own(lives: Lives) -> None:
    ids = set()
    for event in lives.events:
        read = msgspec.json.decode(event.value, type=FORMS[event.topic])
        named = set(json.loads(event.value)["data"]) - set(read.data.__struct_fields__)
        assert not named, "nothing is said that the contract does not name"
        ids.add(read.id)
    assert len(ids) == len(lives.events) > 10_000
    assert all(one.occurred <= other.occurred for one, other in pairwise(lives.events))


def test_out_of_order_events_come_late_and_again_and_are_the_same_events(lives: Lives) -> None:
    disturbed = generate_lives(replace(MARKET, in_order=False))
    assert {event.value for event in disturbed.events} == {event.value for event in lives.events}
    assert len(disturbed.events) > len(lives.events)
    assert any(one.occurred > other.occurred for one, other in pairwise(disturbed.events))
    assert (disturbed.facts, disturbed.carts, disturbed.answers) == (lives.facts, lives.carts, lives.answers)


def test_names_are_of_three_languages_and_addresses_and_numbers_of_nobody(lives: Lives) -> None:
    spoken = Counter(one.locale for one in lives.shoppers)
    assert spoken["fa"] > spoken["en"] + spoken["ar"] and min(spoken.values()) > 5
    for one in lives.shoppers:
        assert one.name.isascii() == (one.locale == "en")
        assert one.email is None or (one.email.endswith(RESERVED) and one.email.isascii())
    phones = [one.phone for one in lives.shoppers if one.phone]
    assert len(set(phones)) == len(phones) == 100
    addresses = [one.email for one in lives.shoppers if one.email]
    assert len(set(addresses)) == len(addresses)


def test_every_number_that_is_given_away_is_reserved_and_one_that_gateway_takes() -> None:
    from random import Random

    for number in range(0, 2 * PHONES, 2 * 97):
        phone = shopper(Random(1), number, {"en": 1.0}).phone
        assert phone is not None and phone[5:10] == "55501" and len(phone) == 12
        assert phonenumbers.is_valid_number(phonenumbers.parse(phone)), phone
    assert shopper(Random(1), 2 * PHONES, {"en": 1.0}).phone is None


def test_carts_are_what_their_events_say(lives: Lives) -> None:
    pieces: dict[str, Counter[str]] = {}
    bought: dict[str, str] = {}
    for body in bodies(lives):
        data = body["data"]
        if body["type"] in ("Product Added", "Product Removed"):
            sign = 1 if body["type"] == "Product Added" else -1
            pieces.setdefault(data["cart_id"], Counter())[data["product_id"]] += sign * data["quantity"]
        elif body["type"] == "Order Completed":
            assert bought.setdefault(data["checkout_id"], data["order_id"]) == data["order_id"]
            lines = {line["product_id"]: line["quantity"] for line in data["products"]}
            assert lines == +pieces[data["checkout_id"]], "what was ordered is what lay in the cart"
    assert {cart.cart_id: +Counter(cart.pieces) for cart in lives.carts} == {k: +v for k, v in pieces.items()}
    assert {cart.cart_id: cart.order_id for cart in lives.carts if cart.order_id} == bought
    left = sum(cart.order_id is None for cart in lives.carts) / len(lives.carts)
    assert 0.2 < left < 0.6


def test_more_is_bought_before_nowruz_and_yalda_and_little_just_after_nowruz(lives: Lives) -> None:
    plain = generate_lives(replace(MARKET, seasons=()))

    def a_day(of: Lives, first: date, days: int) -> float:
        return mean(sum(fact.day == first + timedelta(days=n) for fact in of.facts) for n in range(days))

    before_nowruz, before_yalda = nowruz(2025) - timedelta(days=14), yalda(2024) - timedelta(days=6)
    assert a_day(lives, before_nowruz, 12) > 1.6 * a_day(plain, before_nowruz, 12)
    assert a_day(lives, before_yalda, 7) > 1.3 * a_day(plain, before_yalda, 7)
    assert a_day(lives, nowruz(2025), 4) < 0.8 * a_day(plain, nowruz(2025), 4)


def test_who_had_a_late_order_or_gave_some_back_scores_lower(lives: Lives) -> None:
    late = [one.score for one in lives.answers if one.late]
    well = [one.score for one in lives.answers if not one.late and not one.refunded]
    assert len(late) > 10 and len(well) > 80
    assert mean(late) < mean(well) - 2
    nps = [100 * (sum(s >= 9 for s in said) - sum(s <= 6 for s in said)) / len(said) for said in (late, well)]
    assert nps[0] < 0 < nps[1]


def test_seasons_lie_where_the_calendars_have_them() -> None:
    assert [nowruz(year) for year in (2023, 2024, 2025)] == [date(2023, 3, 21), date(2024, 3, 20), date(2025, 3, 21)]
    assert [yalda(year) for year in (2023, 2024, 2025)] == [date(2023, 12, 21), date(2024, 12, 20), date(2025, 12, 21)]
    assert [ramadan(year) for year in (1445, 1446, 1447)] == [date(2024, 3, 11), date(2025, 3, 1), date(2026, 2, 18)]
    assert [black_friday(year) for year in (2023, 2024)] == [date(2023, 11, 24), date(2024, 11, 29)]
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(731)]
    for season in SEASONS:
        factors = [factor(day, (season,)) for day in days]
        assert max(factors) >= 2 and min(factors) > 0 and factors.count(1.0) > 600
    assert month_of(nowruz(2025).toordinal(), "jalali") % 12 == 0  # type: ignore[arg-type]  # an ordinal
    with pytest.raises(ValueError, match="no season easter"):
        factor(days[0], ("easter",))


def test_what_no_lives_can_be_of_is_refused() -> None:
    for wrong in (
        {"customers": 0},
        {"zone": "Persia"},
        {"languages": ("tr",)},
        {"languages": ()},
        {"seasons": ("x",)},
        {"currency": "X"},
    ):
        with pytest.raises(ValueError, match=r"need|zone|languages|season|currency"):
            replace(MARKET, **wrong)


def test_generate_with_a_shop_writes_lives_and_their_truth(tmp_path: Path) -> None:
    out = tmp_path / "lives.jsonl"
    arguments = ["generate", "--shop", "lalehzar", "--customers", "12", "--days", "120", "--seed", "5", "--in-order"]
    done = CliRunner().invoke(create_cli(), [*arguments, "--start", "2025-01-01", "--out", str(out)])
    assert done.exit_code == 0, done.output
    market = Market("lalehzar", 12, 120, 5, start=date(2025, 1, 1))
    made = generate_lives(market)
    assert out.read_bytes().splitlines() == [event.value for event in made.events]
    kinds = Counter(json.loads(line)["kind"] for line in (tmp_path / "lives.truth.jsonl").open())
    found: dict[str, list[Any]] = {
        "shopper": made.shoppers,
        "order": made.facts,
        "cart": made.carts,
        "answer": made.answers,
    }
    assert kinds == Counter({kind: len(rows) for kind, rows in found.items() if rows})
    assert "mandegar shops add lalehzar --zone Asia/Tehran --currency IRR" in done.output


def test_options_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    for wrong in (["--to", "kafka"], ["--shop", "a", "--bad", "3"], ["--shop", "a", "--to", "collector"]):
        done = CliRunner().invoke(create_cli(), ["generate", *wrong, "--out", str(tmp_path / "x")])
        assert done.exit_code == 2, done.output
    done = CliRunner().invoke(create_cli(), ["generate", "--shop", "a", "--season", "easter"])
    assert isinstance(done.exception, CommandFailed)


async def test_a_busy_collector_is_asked_again_and_one_that_refuses_is_believed(lives: Lives) -> None:
    asked: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(len(json.loads(request.content)))
        if len(asked) == 1:
            return httpx.Response(429, headers={"Retry-After": "0"})
        results = [{"index": n, "status": "accepted", "id": "x"} for n in range(asked[-1])]
        results[0] = {"index": 0, "status": "refused", "field": "time", "reason": "lies ahead"}
        return httpx.Response(202, json={"results": results})

    async with httpx.AsyncClient(base_url="http://gateway", transport=httpx.MockTransport(answer)) as http:
        done = await play_to_collector(lives.events[:1_200], http)
    assert asked == [500, 500, 500, 200]
    assert (done.accepted, done.refused) == (1_197, 3)
    assert done.reasons == ("time: lies ahead",) * 3
    transport = httpx.MockTransport(lambda _: httpx.Response(401, text="no valid key"))
    async with httpx.AsyncClient(base_url="http://gateway", transport=transport) as http:
        with pytest.raises(CollectorRefused, match="401"):
            await play_to_collector(lives.events[:3], http)
