"""Writing what happens to a task, and telling it, in one transaction."""

from __future__ import annotations

from services.campaigns.tasks import store
from services.campaigns.tasks.domain import Opening, State, Task
from services.campaigns.tasks.events import Happening, key_of, told
from shared.contracts import topics
from shared.db import OpenTransaction


async def open_task(tx: OpenTransaction, opening: Opening, slug: str) -> bool:
    """A new task; False for one that there was already, of which nothing is told again."""
    task = Task(opening, State.OPEN, "", "", tx.now, tx.now)
    if not await store.add(tx.conn, task):
        return False
    await tell(tx, task, "opened", slug)
    return True


async def tell(tx: OpenTransaction, task: Task, what: Happening, slug: str) -> None:
    """The task's row is locked, or new. Of a test nothing is told."""
    if task.opening.test:
        return
    key = key_of(task, slug)
    await tx.lock_keys({key: 1})
    tx.publish(topics.CAMPAIGNS_TASKS, key, told(task, what, slug, tx.sequence(key)))
