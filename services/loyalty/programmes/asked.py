"""Programmes as requests name and send them; other slices' requests do so too."""

from __future__ import annotations

from typing import Any

from services.loyalty.programmes import store
from services.loyalty.programmes.domain.body import Programme
from services.loyalty.programmes.domain.reading import ProgrammeError, read_programme
from shared.db import Reads
from shared.kernel import ShopId
from shared.problems import FieldError, Problem, invalid

_DRAFT = "draft-"


async def named_programme(reads: Reads, shop: ShopId, name: str, field: str) -> tuple[int | None, Programme]:
    """A version, with its number, or a draft, by its name in a question. Problem 422."""
    number = int(name.removeprefix(_DRAFT))
    if name.startswith(_DRAFT):
        draft = await store.load_draft(reads, shop, number)
        if draft is not None:
            return None, draft.programme
    elif (version := await store.load_version(reads, shop, number)) is not None:
        return version.number, version.programme
    raise invalid(FieldError(field, "there is no such version or draft; GET /v1/programmes lists them"))


def refused(error: ProgrammeError, room: str) -> Problem:
    """422 that names the fields below `room`."""
    return invalid(*(FieldError(".".join(filter(None, (room, one.field))), one.reason) for one in error.troubles))


def programme_of(data: dict[str, Any], room: str = "body.programme") -> Programme:
    """The programme that was sent. Problem 422."""
    try:
        return read_programme(data)
    except ProgrammeError as error:
        raise refused(error, room) from None
