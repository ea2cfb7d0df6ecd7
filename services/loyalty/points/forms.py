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
from services.loyalty.points.events import KINDS, SOURCE, TYPES, parts_of, start_of
from shared.contracts.envelope import ENCODER
from shared.kernel import event_stamp, moment_of, stamped_event_id

_TYPE = TYPES["earned"]
_KINDS = [KINDS.get(kind, "") for kind in range(max(KINDS) + 1)]
_KEPT_MAX = 10_000
_DATE = len('"2026-01-01T')
_HOURS = [f"{hour:02}:" for hour in range(24)]
_MINUTES = [f"{second // 60:02}:{second % 60:02}" for second in range(3600)]


class Forms:
    """Writes events of one shop. `of` gives the one that is kept, with what it has written before."""

    @staticmethod
    @lru_cache(maxsize=256)
    def of(terms: Terms) -> Forms:
        """For a shop with these terms."""
        return Forms(terms)

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._dates: dict[int, str] = {}
        self._days: dict[int, str] = {}
        self._texts: dict[str, str] = {}
        self._pieces: dict[tuple[str, int, str, int, int], tuple[str, str, str]] = {}
        self._shop = f',"shop":{_json(terms.slug)},"origin":"'

    def earned(self, telling: PlainTelling, name: str, sequence: int) -> bytes:
        """The event of an award. `name`: the customer's."""
        award, first, last, pending, starts_day, active, waits, held, owed = telling
        _, kind, source, parts, (at, event_id, correlation, origin, _, _), _, _, _ = award
        own_id = stamped_event_id(event_stamp(at // 1000), self._terms.slug, f"{name}:{first}", _TYPE)
        if _is_simple(f"{source}{event_id}{correlation}"):
            ids = f',"causationid":"{event_id}"' if event_id else ""
            if correlation:
                ids += f',"correlationid":"{correlation}"'
            source = f'"{source}"'
        else:
            ids = f',"causationid":{_json(event_id)}' if event_id else ""
            if correlation:
                ids += f',"correlationid":{_json(correlation)}'
            source = _json(source)
        if len(parts) == 1 and parts[0].rule:  # as nearly all are
            rule, version, points, line, _, expires_day = parts[0]
            key = (rule, version, line, starts_day, expires_day)
            before, between, after = self._pieces.get(key) or self._pieces_of(key)
            given = f"{before}{points}{between}{pending}{after}"
        else:
            points, given = self._several(parts, pending, starts_day)
        return (
            f'{{"type":"{_TYPE}","id":"{own_id}","source":"{SOURCE}","subject":"{name}",'
            f'"time":{self._time(at)}{self._shop}{origin}","sequence":{sequence}{ids},'
            f'"specversion":"1.0","data":{{"customer":"{name}","posting":{last},'
            f'"points":{points},"balance":{{"active":{active},"pending":{waits},"held":{held},"owed":{owed}}},'
            f'"source":{{"kind":"{_KINDS[kind]}","id":{source}}},{given}'
        ).encode()

    def _pieces_of(self, key: tuple[str, int, str, int, int]) -> tuple[str, str, str]:
        """What stands before the points of a part, between them and the points that wait, and after these."""
        rule, version, line, starts_day, expires_day = key
        found = (
            f'"programme":{version},"parts":[{{"rule":{self._text(rule)},"points":',
            f',"line":{self._text(line) if line else "null"}}}],"pending":',
            self._end(starts_day, expires_day),
        )
        if len(self._pieces) < _KEPT_MAX:
            self._pieces[key] = found
        return found

    def _several(self, parts: Sequence[Part], pending: int, starts_day: int) -> tuple[int, str]:
        """Points, and the event from its programme on."""
        versions = {part.version for part in parts if part.rule}
        programme = versions.pop() if len(versions) == 1 else "null"
        summed = parts_of((part.rule, part.line, part.points) for part in parts if part.rule)
        texts = [
            f'{{"rule":{self._text(rule)},"points":{points},"line":{self._text(line) if line else "null"}}}'
            for (rule, line), points in summed.items()
        ]
        end = self._end(starts_day, min([part.expires_day for part in parts]))
        given = f'"programme":{programme},"parts":[{",".join(texts)}],"pending":{pending}{end}'
        return sum([part.points for part in parts]), given

    def _end(self, starts_day: int, expires_day: int) -> str:
        """What stands after the points that wait."""
        return (
            f',"active_at":{self._day(starts_day)},"expires_at":{self._day(expires_day)},"days":null,"owed":0,'
            '"forgiven":0,"reason":""}}'
        )

    def _time(self, at: int) -> str:
        """An instant; whole seconds, as nearly all are, from pieces."""
        seconds, fraction = divmod(at, 1_000_000)
        if fraction or seconds < 0:
            return _json(moment_of(at))
        day, second = divmod(seconds, 86_400)
        date = self._dates.get(day)
        if date is None:
            date = _json(moment_of(at))[:_DATE]
            if len(self._dates) < _KEPT_MAX:
                self._dates[day] = date
        return f'{date}{_HOURS[second // 3600]}{_MINUTES[second % 3600]}Z"'

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


def _is_simple(text: str) -> bool:
    """Whether nothing in it has to be escaped in JSON, as in nearly all ids."""
    return text.isascii() and text.isprintable() and '"' not in text and "\\" not in text
