"""Tells the changes of many customers at once: those who came in time, by columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice, repeat
from typing import NamedTuple

import numpy as np

from services.metrics.lifecycle.domain.evidence import Thresholds
from services.metrics.lifecycle.domain.thresholds import Rules
from services.metrics.lifecycle.domain.timely import Changed
from services.metrics.lifecycle.forms import Forms, Saying, cause_of, evidence_of
from services.metrics.lifecycle.store.changes import packed
from shared.contracts.envelope import Envelope, message_key
from shared.contracts.shops import Shop
from shared.contracts.topics import METRICS_LIFECYCLE
from shared.kernel import CustomerId, ShopId, Zone, customer_id_text
from shared.messaging.handling import OutboxKey, Transaction


class Life(NamedTuple):
    """A shop as its customers' stages see it: the settings of its live generation, the clock of now."""

    shop: Shop
    generation: int
    zone: Zone
    rules: Rules

    @property
    def streams(self) -> bool:
        """Whether the shop's time goes by its events."""
        return self.shop.clock == "stream"

    @property
    def number(self) -> ShopId:
        """The shop's number."""
        return ShopId(self.shop.number)


class InTime(NamedTuple):
    """Changes of a shop's customers that came in time, by columns, and what their events need."""

    life: Life
    customers: Sequence[int]
    changed: Changed
    thresholds: Thresholds
    causes: Sequence[Envelope | None]
    """By change; none: the clock."""
    origins: Sequence[str]


class Spoken:
    """Changes in time on their way out: keys first, then, with their numbers, the events and rows."""

    def __init__(self, told: InTime) -> None:
        self._told = told
        self._forms = Forms(told.life.shop.slug, told.life.zone, told.life.rules.lost_days)
        self._owners, counts = np.unique(told.changed.owner, return_counts=True)
        self._counts = counts.tolist()
        slug, number = told.life.shop.slug, told.life.number
        self._names = [name_of(told.customers[owner]) for owner in self._owners.tolist()]
        self._keys = [OutboxKey(number, message_key(slug, name)) for name in self._names]

    def reserve(self) -> Mapping[OutboxKey, int]:
        """How many numbers of each key are needed."""
        return dict(zip(self._keys, self._counts, strict=True))

    def publish(self, tx: Transaction) -> list[bytes]:
        """Publish under locked keys. The rows of the table."""
        told, forms = self._told, self._forms
        shop, generation = int(told.life.number), told.life.generation
        sayings, rows = iter(self._sayings()), []
        for owner, name, key, count in zip(self._owners.tolist(), self._names, self._keys, self._counts, strict=True):
            customer = told.customers[owner]
            for change in islice(sayings, count):
                tx.publish_encoded(METRICS_LIFECYCLE, key, forms.changed(name, change, tx.sequence(key)))
                rows.append(packed(shop, generation, customer, change))
        return rows

    def _sayings(self) -> Iterable[Saying]:
        told, changed, forms = self._told, self._told.changed, self._forms
        places, which = np.unique(changed.evidence, return_inverse=True)
        evidence = evidence_of(told.thresholds, places)
        names = chain.from_iterable(map(repeat, self._names, self._counts))
        causes = [None if cause is None else cause_of(cause) for cause in told.causes]
        days, numbers, stages = forms.days(changed.day), changed.n.tolist(), changed.stage.tolist()
        ids = [
            forms.event_id(f"{name}:{n}", day, stage)
            for name, n, day, stage in zip(names, numbers, days, stages, strict=True)
        ]
        return map(
            Saying,
            numbers,
            days,
            changed.day.tolist(),
            changed.previous.tolist(),
            stages,
            changed.reason.tolist(),
            changed.last_active.tolist(),
            [evidence[place] for place in which.tolist()],
            told.origins,
            causes,
            ids,
        )


def name_of(customer: int) -> str:
    """The customer as events name them."""
    return customer_id_text(CustomerId(customer))
