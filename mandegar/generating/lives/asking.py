"""What shoppers are sent, what they do with it, and what they answer when they are asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from mandegar.generating.lives.market import Market
from mandegar.generating.lives.people import Shopper
from mandegar.generating.lives.telling import Answered, Told

_LETTERS_EVERY = timedelta(days=14)
_SURVEY_AFTER, _SURVEY_AGAIN = timedelta(days=2), timedelta(days=30)
_OPENS_SURVEY, _CLICKS_SURVEY, _ANSWERS = 0.7, 0.7, 0.9
_CLICKS, _UNSUBSCRIBES = 0.25, 0.004
_LATE_COSTS, _REFUND_COSTS, _NOISE = 3.0, 2.0, 1.1
_LOWEST, _HIGHEST = 0, 10


class Post:
    """Letters to one shopper, of whom the provider tells what became of each."""

    def __init__(self, rng: Random, market: Market, shopper: Shopper, told: Told) -> None:
        """Without an address nobody is written to."""
        self._rng, self._market, self._shopper, self._told = rng, market, shopper, told
        self._reached = shopper.email is not None
        self._last_letter: datetime | None = None
        self._last_survey: datetime | None = None

    def write(self, at: datetime, crowd: float) -> None:
        """A newsletter, if one is due; in a season they come twice as often."""
        pause = _LETTERS_EVERY / (2 if crowd > 1 else 1)
        if not self._reached or (self._last_letter is not None and at - self._last_letter < pause):
            return
        self._last_letter = at
        if self._sent(at, self._shopper.reads, _CLICKS) is None:
            return
        if self._rng.random() < _UNSUBSCRIBES:
            self._say(self._later(at, 86_500, 90_000), "Unsubscribed")
            self._reached = False

    def ask(self, delivered: datetime, order_id: str, *, late: bool, refunded: bool) -> float:
        """Ask how it was, unless somebody was asked lately; how it felt, whoever was asked."""
        rng = self._rng
        felt = self._shopper.contentment - _LATE_COSTS * late - _REFUND_COSTS * refunded + rng.gauss(0, _NOISE)
        at = delivered + _SURVEY_AFTER
        rested = self._last_survey is None or at - self._last_survey >= _SURVEY_AGAIN
        if not self._reached or not rested:
            return felt
        self._last_survey = at
        clicked = self._sent(at, _OPENS_SURVEY, _CLICKS_SURVEY)
        if clicked is not None and rng.random() < _ANSWERS:
            score = max(_LOWEST, min(_HIGHEST, round(felt)))
            who, then = self._shopper.customer_id, self._later(clicked, 20, 400)
            self._told.answers.append(Answered(self._market.shop, who, order_id, score, then, late, refunded))
        return felt

    def _sent(self, at: datetime, opens: float, clicks: float) -> datetime | None:
        """A letter arrives; when something in it was clicked, if it was."""
        rng = self._rng
        self._say(at, "Email Delivered")
        if rng.random() >= opens:
            return None
        opened = self._later(at, 60, 80_000)
        self._say(opened, "Email Opened")
        if rng.random() >= clicks:
            return None
        clicked = self._later(opened, 3, 90)
        self._say(clicked, "Email Link Clicked")
        return clicked

    def _later(self, at: datetime, least_s: float, most_s: float) -> datetime:
        return at + timedelta(milliseconds=int(self._rng.uniform(least_s, most_s) * 1000))

    def _say(self, at: datetime, kind: str) -> None:
        self._told.say(at, kind, {"customer_id": self._shopper.customer_id})
