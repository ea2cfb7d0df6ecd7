"""When a delivery is tried again, and when it is given up."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.loyalty.entitlements.domain import PAUSES, SPREAD, Place, State, outcome_of, place_of
from services.loyalty.rewards.domain.redemption import Redemption, Trouble, followed, revoked
from services.loyalty.rewards.domain.redemption import State as Of
from tests.loyalty_orders.ground import NOW

STATUS = st.none() | st.integers(100, 599)


def test_pauses_grow_and_come_to_three_days() -> None:
    assert list(PAUSES) == sorted(PAUSES)
    assert timedelta(days=2.9) < sum(PAUSES, timedelta(0)) < timedelta(days=3.1)


@given(STATUS, st.integers(1, 30), st.floats(0, 1), st.sampled_from(["", "7", "999999999", "-1", "3.5", "soon", "٣"]))
def test_every_answer_ends_a_delivery_or_has_it_tried_again_in_time(
    status: int | None, failures: int, share: float, asked: str
) -> None:
    outcome = outcome_of(status, failures, share, asked)
    if status is not None and 200 <= status < 300:
        assert outcome.state is State.DELIVERED
    elif status == 410 or failures > len(PAUSES):
        assert outcome.state is State.FAILED
        assert outcome.gone is (status == 410)
    else:
        assert outcome.state is State.WAITING
        assert PAUSES[failures - 1] <= outcome.pause <= max(PAUSES[failures - 1] * (1 + SPREAD), timedelta(days=1))


def test_a_receiver_that_asks_for_time_is_given_it() -> None:
    assert outcome_of(503, 1, 0.5, "600").pause == timedelta(minutes=10)
    assert outcome_of(429, 4, 0.0, "1").pause == PAUSES[3], "never less than the pause"


@given(st.text("0123456789abcdef", min_size=13, max_size=32), st.integers(1, 32_767))
def test_an_id_names_its_delivery(redemption: str, number: int) -> None:
    assert place_of(str(Place(redemption, number))) == Place(redemption, number)


def test_what_is_no_id_names_nothing() -> None:
    for text in ("", "x-1", "0" * 32, f"{'0' * 32}-0", f"{'0' * 32}-99999", f"{'0' * 32}-1\n", f"{'0' * 33}-1"):
        assert place_of(text) is None, text


def _one(state: Of) -> Redemption:
    return Redemption("0" * 32, 1, "life", 1, state, 10, 200, "USD", "", NOW, NOW, NOW)


def test_what_can_be_taken_back_is_what_was_granted_and_not_used_up() -> None:
    for state in Of:
        for lasts in (True, False):
            after = revoked(_one(state), "mistake", NOW, lasts=lasts)
            can = state is Of.GRANTED or (state is Of.USED and lasts) or state is Of.REVOKED
            assert isinstance(after, Redemption) is can, (state, lasts)
            assert not isinstance(after, Trouble) or after.code in ("used-before", "not-granted", "redemption-ended")


def test_with_its_order_an_entitlement_goes_and_comes_but_what_staff_took_back_stays_away() -> None:
    used = _one(Of.USED)
    gone = followed(used, void=True, now=NOW)
    assert (gone.state, gone.revoked_why) == (Of.REVOKED, "order")
    assert followed(gone, void=True, now=NOW) is gone
    assert followed(gone, void=False, now=NOW) == used
    by_staff = revoked(used, "abuse", NOW, lasts=True)
    assert isinstance(by_staff, Redemption)
    assert followed(by_staff, void=False, now=NOW) is by_staff
    assert followed(by_staff, void=True, now=NOW) is by_staff
