"""Plots: the ways an order's story can go. Each is a short function on a story, and has a weight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from mandegar.generating.stories import Story

Plot = Callable[[Story, Random, datetime], None]


def _later(rng: Random, at: datetime, days: float = 30.0) -> datetime:
    """Strictly later by whole milliseconds, up to `days`."""
    return at + timedelta(milliseconds=1 + int(rng.random() ** 2 * days * 86_400_000))


def plain(story: Story, _: Random, at: datetime) -> None:
    """Completed, and that is all."""
    story.complete(at)


def updated(story: Story, rng: Random, at: datetime) -> None:
    """Completed, then changed once or twice."""
    story.complete(at)
    for _ in range(rng.randint(1, 2)):
        at = _later(rng, at, 3)
        story.update(at, _other_price(rng, story.price))


def updated_before(story: Story, rng: Random, at: datetime) -> None:
    """The draft is changed before it is completed, and the completion carries the final price."""
    story.update(at, _other_price(rng, story.price))
    story.complete(_later(rng, at, 1))


def cancelled(story: Story, rng: Random, at: datetime) -> None:
    """Completed, then cancelled for good."""
    story.complete(at)
    story.cancel(_later(rng, at))


def cancelled_before(story: Story, rng: Random, at: datetime) -> None:
    """Cancelled first and completed all the same: the later event decides."""
    story.cancel(at)
    story.complete(_later(rng, at, 5))


def flapping(story: Story, rng: Random, at: datetime) -> None:
    """Cancelled and completed again, up to five times."""
    story.complete(at)
    for _ in range(rng.randint(1, 5)):
        at = _later(rng, at, 4)
        if story.alive:
            story.cancel(at)
        else:
            story.complete(at)


def tied(story: Story, rng: Random, at: datetime) -> None:
    """Completed, and at one later instant cancelled and completed: at a tie the completion is the later one."""
    story.complete(at)
    at = _later(rng, at, 4)
    story.cancel(at)
    story.complete(at)


def completed_twice(story: Story, rng: Random, at: datetime) -> None:
    """Accepted and paid both arrive as completions: the first one names the day."""
    story.complete(at)
    story.complete(_later(rng, at, 6))


def never_completed(story: Story, rng: Random, at: datetime) -> None:
    """Changed, perhaps cancelled, but never completed: it counts for nothing."""
    story.update(at, story.price)
    if rng.random() < 0.5:
        story.cancel(_later(rng, at, 2))


def refunded_bare(story: Story, rng: Random, at: datetime) -> None:
    """Given back without a word on how much: wholly."""
    story.complete(at)
    story.refund_bare(_later(rng, at))


def refunded_whole(story: Story, rng: Random, at: datetime) -> None:
    """Given back by its whole price, with a refund id or without."""
    story.complete(at)
    story.refund(_later(rng, at), story.price, f"rf-{story.order_id}" if rng.random() < 0.7 else None)


def refunded_in_parts(story: Story, rng: Random, at: datetime) -> None:
    """Two refunds that together reach the price, or stay a little below it."""
    story.complete(at)
    first = story.price // 3
    at = _later(rng, at, 10)
    story.refund(at, first, f"rf-{story.order_id}-1")
    rest = story.price - first - (rng.randint(1, max(1, story.price // 10)) if rng.random() < 0.5 else 0)
    story.refund(_later(rng, at, 10), max(0, rest), f"rf-{story.order_id}-2")


def refunded_partly(story: Story, rng: Random, at: datetime) -> None:
    """A quarter is given back."""
    story.complete(at)
    story.refund(_later(rng, at), story.price // 4, f"rf-{story.order_id}" if rng.random() < 0.6 else None)


def pieces_returned(story: Story, rng: Random, at: datetime) -> None:
    """Lines come back one by one for less than their price: whole once every piece is back."""
    story.pieces = {f"l{n}": rng.randint(1, 3) for n in range(rng.randint(1, 3))}
    story.complete(at)
    all_of_them = rng.random() < 0.5
    for number, (line, quantity) in enumerate(story.pieces.items()):
        at = _later(rng, at, 5)
        back = quantity if all_of_them else quantity - 1
        if back:
            story.refund_pieces(at, {line: back}, story.price // 10, f"rf-{story.order_id}-{number}")


def refunded_then_raised(story: Story, rng: Random, at: datetime) -> None:
    """The whole price is given back, then the order grows: it counts again, by the difference."""
    story.complete(at)
    at = _later(rng, at, 5)
    story.refund(at, story.price, f"rf-{story.order_id}")
    story.update(_later(rng, at, 5), story.price * 2)


def refunded_then_flapping(story: Story, rng: Random, at: datetime) -> None:
    """A partial refund persists when the order is cancelled and completed again."""
    story.complete(at)
    at = _later(rng, at, 5)
    story.refund(at, story.price // 3, f"rf-{story.order_id}")
    at = _later(rng, at, 5)
    story.cancel(at)
    story.complete(_later(rng, at, 5))


def _other_price(rng: Random, price: int) -> int:
    return max(1, int(price * rng.uniform(0.3, 2.0)))


PLOTS: dict[Plot, float] = {
    plain: 68,
    updated: 5,
    updated_before: 1,
    cancelled: 4,
    cancelled_before: 1,
    flapping: 3,
    tied: 0.5,
    completed_twice: 2,
    never_completed: 1,
    refunded_bare: 2.5,
    refunded_whole: 2.5,
    refunded_in_parts: 2,
    refunded_partly: 3.5,
    pieces_returned: 2,
    refunded_then_raised: 1,
    refunded_then_flapping: 1,
}
"""Weight of each plot, of 100."""


def tell(story: Story, rng: Random, at: datetime) -> None:
    """Choose a plot and let it happen from `at` on. What costs nothing is never refunded: it would be a riddle."""
    plots = list(PLOTS) if story.price else [plain, cancelled, flapping, refunded_bare]
    plot = rng.choices(plots, [PLOTS[plot] for plot in plots])[0]
    story.plot = plot.__name__
    plot(story, rng, at)
