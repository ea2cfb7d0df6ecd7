"""Processed ids: what was handled once has no second effect, however often a producer or a relay repeats itself.

Key: day of the event's time (UTC), shop, id. Beside it a hash of the content, since one id with two contents is an
error of its producer, which is set aside and told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import asyncpg
import numpy as np
import numpy.typing as npt

from shared.db.copying import at_once
from shared.db.together import is_few

Rows = npt.NDArray[np.intp]
"""Numbers of rows."""

OWN_SOURCE = "mandegar/"
_UUID_LENGTH = 36
_ID_BYTES = 16

# A binary COPY row of (int4, int2, uuid, int8): a count of columns, then each with its length in front, big-endian.
_ROW = np.dtype(
    [
        ("columns", ">i2"),
        ("day_length", ">i4"),
        ("day", ">i4"),
        ("shop_length", ">i4"),
        ("shop", ">i2"),
        ("id_length", ">i4"),
        ("id_high", ">u8"),
        ("id_low", ">u8"),
        ("content_length", ">i4"),
        ("content", ">i8"),
    ]
)
_COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
_COPY_TAIL = b"\xff\xff"

_KNOWN = """
SELECT t.n, p.content
FROM unnest($1::int[], $2::smallint[], $3::text[]) WITH ORDINALITY AS t(day, shop, id, n)
JOIN processed_event p ON p.day = t.day AND p.shop = t.shop AND p.id = t.id::uuid
"""
# Those that were there before are named by their place; their contents may be another transaction's, which this
# statement has waited for and does not see.
_KEEP = """
WITH asked AS (
    SELECT * FROM unnest($1::int[], $2::smallint[], $3::uuid[], $4::bigint[])
        WITH ORDINALITY AS a (day, shop, id, content, n)
), kept AS (
    INSERT INTO processed_event (day, shop, id, content) SELECT day, shop, id, content FROM asked ORDER BY n
    ON CONFLICT DO NOTHING RETURNING day, shop, id
)
SELECT a.n FROM asked a WHERE (SELECT count(*) FROM kept) < cardinality($1) AND NOT EXISTS (
    SELECT FROM kept k WHERE k.day = a.day AND k.shop = a.shop AND k.id = a.id)
"""
_FORGET = """
DELETE FROM processed_event p USING unnest($1::int[], $2::smallint[], $3::text[]) AS t(day, shop, id)
WHERE p.day = t.day AND p.shop = t.shop AND p.id = t.id::uuid
"""


def identity_of(event_id: str, source: str, *, own: bool) -> bytes:
    """The 16 bytes kept for an event. A UUID that we derived stays as it is; any other id is hashed with its source."""
    if own and len(event_id) == _UUID_LENGTH and source.startswith(OWN_SOURCE):
        try:
            raw = bytes.fromhex(event_id.replace("-", ""))
        except ValueError:
            raw = b""
        if len(raw) == _ID_BYTES:
            return raw
    return blake2b(f"{source}\x1f{event_id}".encode(), digest_size=_ID_BYTES).digest()


@dataclass(frozen=True, slots=True)
class Identities:
    """Identities of a batch, as columns of equal length."""

    days: npt.NDArray[np.int32]
    shops: npt.NDArray[np.int16]
    ids: npt.NDArray[np.uint64]
    """Shape (n, 2): the upper and the lower eight bytes of each id."""
    contents: npt.NDArray[np.int64]

    @classmethod
    def of(cls, days: Sequence[int], shops: Sequence[int], ids: Sequence[bytes], contents: Sequence[int]) -> Identities:
        """From lists, row by row in the same order."""
        return cls(
            np.array(days, np.int32),
            np.array(shops, np.int16),
            np.frombuffer(b"".join(ids), ">u8").astype(np.uint64).reshape(-1, 2),
            np.array(contents, np.int64),
        )

    def __len__(self) -> int:
        return len(self.days)

    def take(self, rows: npt.NDArray[np.intp]) -> Identities:
        """These rows, in this order."""
        return Identities(self.days[rows], self.shops[rows], self.ids[rows], self.contents[rows])

    def order(self) -> npt.NDArray[np.intp]:
        """Row numbers sorted by (day, shop, id); equal ones keep their order."""
        return np.lexsort((self.ids[:, 1], self.ids[:, 0], self.shops, self.days))

    def hex_ids(self) -> list[str]:
        """Each id as 32 hexadecimal digits."""
        raw = self.ids.astype(">u8").tobytes().hex()
        return [raw[at : at + 32] for at in range(0, len(raw), 32)]


@dataclass(frozen=True, slots=True)
class Sifted:
    """Row numbers of a batch: seen for the first time; seen before with another content. The rest are repeats."""

    fresh: Rows
    differing: Rows


def sift_within(batch: Identities) -> tuple[Rows, Rows]:
    """Repeats inside the batch itself. Gives the first row of each identity, sorted by identity, and those that differ.

    Differing are rows whose identity came earlier in the batch with another content.
    """
    order = batch.order()
    if len(order) < 2:
        return order, order[:0]
    rows = batch.take(order)
    same = (
        (rows.days[1:] == rows.days[:-1])
        & (rows.shops[1:] == rows.shops[:-1])
        & (rows.ids[1:] == rows.ids[:-1]).all(axis=1)
    )
    if not same.any():
        return order, order[:0]
    is_first = np.concatenate(([True], ~same))
    # Each repeat is compared with the first row of its run.
    leader = np.maximum.accumulate(np.where(is_first, np.arange(len(order)), 0))
    differs = ~is_first & (rows.contents != rows.contents[leader])
    return order[is_first], order[differs]


class ProcessedIds:
    """Writes the ids of a batch and tells which are new. A worker has one: it remembers whether repeats are about."""

    def __init__(self) -> None:
        self._expect_repeats = 0

    async def sift(self, conn: asyncpg.Connection[Any], batch: Identities) -> Sifted:
        """Keep what is new, inside the open transaction.

        COPY is the quickest way in for many, and fails as a whole on one repeat; then the batch, and the next ones,
        ask first. Raises UniqueViolationError when another transaction wrote one of the ids meanwhile: try the batch
        again.
        """
        first, differing = sift_within(batch)
        if is_few(len(first)):
            places = await _keep(conn, batch.take(first))
            if not len(places):
                return Sifted(np.sort(first), differing)
            known = await _known(conn, batch.take(first[places]))
            return _without(batch, first, differing, [(int(places[row]), content) for row, content in known])
        if not self._expect_repeats:
            await conn.execute("SAVEPOINT processed_ids")
            try:
                await _copy(conn, batch.take(first))
            except asyncpg.UniqueViolationError:
                await conn.execute("ROLLBACK TO SAVEPOINT processed_ids")
                self._expect_repeats = 20
            else:
                return Sifted(np.sort(first), differing)
        self._expect_repeats -= 1
        known = await _known(conn, batch.take(first))
        if known:
            self._expect_repeats = 20
        await _copy(conn, batch.take(np.delete(first, [row for row, _ in known])))
        return _without(batch, first, differing, known)

    async def forget(self, conn: asyncpg.Connection[Any], batch: Identities) -> None:
        """Take the ids of refused events out again: repaired and replayed, they take effect."""
        if len(batch):
            await conn.execute(_FORGET, batch.days.tolist(), batch.shops.tolist(), batch.hex_ids())


def _without(batch: Identities, first: Rows, differing: Rows, known: Sequence[tuple[int, int]]) -> Sifted:
    """What is left where some were known. `known`: (place among `first`, content that was kept)."""
    at = np.array([row for row, _ in known], np.intp)
    contents = np.array([content for _, content in known], np.int64)
    rows = first[at]
    others = np.concatenate((differing, rows[batch.contents[rows] != contents]))
    return Sifted(np.sort(np.delete(first, at)), np.sort(others))


async def _keep(conn: asyncpg.Connection[Any], sorted_rows: Identities) -> Rows:
    """Write those that are new; gives the places of the others."""
    columns = (sorted_rows.days.tolist(), sorted_rows.shops.tolist(), sorted_rows.hex_ids())
    rows = await conn.fetch(_KEEP, *columns, sorted_rows.contents.tolist())
    return np.array([n - 1 for (n,) in rows], np.intp)


async def _copy(conn: asyncpg.Connection[Any], sorted_rows: Identities) -> None:
    if not len(sorted_rows):
        return
    rows = np.empty(len(sorted_rows), _ROW)
    rows["columns"] = 4
    rows["day_length"], rows["day"] = 4, sorted_rows.days
    rows["shop_length"], rows["shop"] = 2, sorted_rows.shops
    rows["id_length"] = _ID_BYTES
    rows["id_high"], rows["id_low"] = sorted_rows.ids[:, 0], sorted_rows.ids[:, 1]
    rows["content_length"], rows["content"] = 8, sorted_rows.contents
    source = at_once(b"".join((_COPY_HEAD, rows.tobytes(), _COPY_TAIL)))
    await conn.copy_to_table(
        "processed_event", source=source, columns=("day", "shop", "id", "content"), format="binary"
    )


async def _known(conn: asyncpg.Connection[Any], batch: Identities) -> list[tuple[int, int]]:
    rows = await conn.fetch(_KNOWN, batch.days.tolist(), batch.shops.tolist(), batch.hex_ids())
    return [(row[0] - 1, row[1]) for row in rows]
