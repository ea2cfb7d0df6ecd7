"""Events of plain awards as the bytes they are published as, put together from pieces: there are very many of them.

What `events.told` gives, encoded, is the same; a test holds them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from services.loyalty.points.domain.buckets import NEVER
from services.loyalty.points.domain.operations import Part
from services.loyalty.points.domain.plain import PlainTelling
from services.loyalty.points.domain.terms import Terms
from services.loyalty.points.events import KINDS, SOURCE, TYPES, name_of, parts_of, start_of
from shared.contracts.envelope import ENCODER
from shared.kernel import event_stamp, moment_of, stamped_event_id

_TYPE = TYPES["earned"]
_KEPT_MAX = 10_000


class Forms:
    """Writes events of one shop. `of` gives the one that is kept, with what it has written before."""

    @staticmethod
    @lru_cache(maxsize=256)
    def of(terms: Terms) -> Forms:
        """For a shop with these terms."""
        return Forms(terms)

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._days: dict[int, str] = {}
        self._texts: dict[str, str] = {}

    def earned(self, telling: PlainTelling, sequence: int) -> bytes:
        """The event of an award."""
        award, first, last, pending, starts_day, stands = telling
        cause, slug, text = award.cause, self._terms.slug, self._text
        name = name_of(award.who.customer)
        event_id = stamped_event_id(event_stamp(cause.at // 1000), slug, f"{name}:{first}", _TYPE)
        ids = f',"causationid":{_json(cause.event_id)}' if cause.event_id else ""
        if cause.correlation:
            ids += f',"correlationid":{_json(cause.correlation)}'
        programme, points, expiry, parts = self._parts(award.parts)
        return (
            f'{{"type":"{_TYPE}","id":"{event_id}","source":"{SOURCE}","subject":"{name}",'
            f'"time":{_json(moment_of(cause.at))},"shop":{text(slug)},"origin":"{cause.origin}","sequence":{sequence}{ids},'
            f'"specversion":"1.0","data":{{"customer":"{name}","posting":{last},'
            f'"points":{points},"balance":{{"active":{stands.active},'
            f'"pending":{stands.pending},"held":{stands.held},"owed":{stands.owed}}},'
            f'"source":{{"kind":"{KINDS[int(award.source_kind)]}","id":{_json(award.source)}}},'
            f'"programme":{programme},"parts":[{parts}],"pending":{pending},'
            f'"active_at":{self._day(starts_day)},"expires_at":{self._day(expiry)},"days":null,"owed":0,"forgiven":0,'
            '"reason":""}}'
        ).encode()

    def _parts(self, parts: Sequence[Part]) -> tuple[int | str, int, int, str]:
        """Version of the programme, points, the first expiry, and the parts themselves."""
        if len(parts) == 1 and parts[0].rule:  # as nearly all are
            rule, version, points, line, _, expires_day = parts[0]
            return version, points, expires_day, self._part(rule, line, points)
        versions = {part.version for part in parts if part.rule}
        summed = parts_of((part.rule, part.line, part.points) for part in parts if part.rule)
        return (
            versions.pop() if len(versions) == 1 else "null",
            sum([part.points for part in parts]),
            min([part.expires_day for part in parts]),
            ",".join([self._part(rule, line, points) for (rule, line), points in summed.items()]),
        )

    def _part(self, rule: str, line: str, points: int) -> str:
        text = self._text
        return f'{{"rule":{text(rule)},"points":{points},"line":{text(line) if line else "null"}}}'

    def _day(self, day: int) -> str:
        known = self._days.get(day)
        if known is None:
            known = "null" if day in (0, NEVER) else _json(start_of(self._terms, day))
            if len(self._days) < _KEPT_MAX:
                self._days[day] = known
        return known

    def _text(self, value: str) -> str:
        known = self._texts.get(value)
        if known is None:
            known = _json(value)
            if len(self._texts) < _KEPT_MAX:
                self._texts[value] = known
        return known


def _json(value: object) -> str:
    return ENCODER.encode(value).decode()
