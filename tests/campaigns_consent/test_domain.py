"""The last word holds, in whatever order words come and whichever identity said them; in doubt nobody is written to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.consent.domain import Choice, Word, allows, holding, newest, said
from services.gateway.consents.domain import Statement, record_id, standing
from shared.kernel import CustomerId

START = datetime(2026, 1, 1, tzinfo=UTC)


def words() -> st.SearchStrategy[list[Word]]:
    one = st.builds(
        lambda who, channel, purpose, state, minute: Word(
            1, who, channel, purpose, state, START + timedelta(minutes=minute), f"{who}{minute}{state}", "checkout"
        ),
        st.integers(1, 2),
        st.sampled_from(["email", "sms"]),
        st.sampled_from(["news", "all"]),
        st.sampled_from(["given", "pending", "withdrawn"]),
        st.integers(0, 5),
    )
    return st.lists(one.filter(lambda word: word.purpose != "all" or word.state == "withdrawn"), max_size=12)


@given(words(), st.randoms(use_true_random=False))
def test_neither_order_nor_repeats_matter(found: list[Word], rng: Random) -> None:
    disturbed = found + rng.sample(found, len(found) // 2)
    rng.shuffle(disturbed)
    assert newest(disturbed) == newest(found)
    assert holding(disturbed) == holding(found) == holding(newest(found).values())


@given(words())
def test_a_message_is_allowed_where_consent_was_given_last(found: list[Word]) -> None:
    of_email = [one for one in found if one.channel == "email"]
    given_at = max(
        (one.occurred_at for one in of_email if one.purpose == "news" and one.state == "given"), default=None
    )
    others = [one.occurred_at for one in of_email if one.state != "given"]
    expected = given_at is not None and all(at < given_at for at in others)
    assert allows(found, "email", "news") is expected


@given(words())
def test_what_holds_is_what_gateway_says_holds(found: list[Word]) -> None:
    own = [one._replace(customer=1) for one in found]
    told = [
        Statement(CustomerId(1), one.channel, one.purpose, one.state, one.occurred_at, one.source, one.record)  # type: ignore[arg-type]  # texts
        for one in own
    ]
    expected = {(one.channel, one.purpose): (one.state, one.record) for one in standing(told)}
    assert {key: (one.state, one.record) for key, one in holding(own).items()} == expected


def test_a_choice_gets_the_id_that_gateway_gives_the_statement() -> None:
    word = said((1, "laleh"), 7, Choice("email", "all", "withdrawn"), START, "unsubscribe-link")
    same = Statement(CustomerId(7), "email", "all", "withdrawn", START, "unsubscribe-link", "", "anything")
    assert word.record == record_id("laleh", same)
