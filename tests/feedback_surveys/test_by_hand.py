"""Who is asked by staff is asked in their turn, and not after the delay that the survey's trigger has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.feedback.surveys.domain.occasions import wish_at_once, wish_for
from tests.feedback.ground import survey

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
LATER = survey(trigger={"on": "order_delivered", "delay_hours": 48})
WHOM = (7, "visit-7")


def test_staff_do_not_wait_for_what_the_trigger_waits_for() -> None:
    by_hand = wish_at_once("sib", "nps", LATER, WHOM, NOW)
    triggered = wish_for("sib", "nps", LATER, WHOM, since=NOW, now=NOW)
    assert by_hand.wish.due == NOW
    assert triggered.wish.due == NOW + timedelta(hours=48)
    assert by_hand.wish.id == triggered.wish.id, "it is one invitation, however it came about"
    assert by_hand.fresh
