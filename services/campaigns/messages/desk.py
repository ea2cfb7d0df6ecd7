"""Tasks of staff in the form of an adaptor: the other side is a table of ours, which takes a repeat once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg

from services.campaigns import tasks
from services.campaigns.messages.domain import Answer, State
from services.campaigns.messages.outside import Parcel
from services.campaigns.templates import TaskText
from shared.db import AWAY, write_transaction
from shared.kernel import Clock


class Desk:
    """Puts tasks where staff find them."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def send(self, parcel: Parcel) -> Answer:
        """Open the task."""
        content = parcel.content
        assert isinstance(content, TaskText), "judged"
        plan, work = parcel.plan, parcel.work
        opening = tasks.Opening(
            shop=plan.shop,
            id=plan.id,
            customer=plan.customer,
            campaign=plan.campaign,
            step=plan.step,
            occasion=plan.occasion,
            locale=parcel.locale,
            via=work.via or "",
            owner=work.owner,
            title=content.title,
            note=content.note,
            due=parcel.now + timedelta(hours=work.due_hours),
            test=parcel.test,
        )
        try:
            async with write_transaction(self._pool, self._clock) as tx:
                await tasks.open_task(tx, opening, parcel.slug)
        except AWAY:
            return Answer(State.UNKNOWN, "no_answer", repeats=True)
        return Answer(State.SENT)

    async def close(self) -> None:
        """The pool is the sender's."""
