"""An answer begins to count: it is told, and a bad one opens a case. In the transaction of whoever took it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.feedback.answers.domain import Answer, is_bad
from services.feedback.answers.events import answered, forms_of
from services.feedback.cases import Bad, open_for_answers
from services.feedback.surveys import Version, key_of
from shared.contracts import topics
from shared.contracts.shops import Shop
from shared.messaging.handling import OutboxKey, Transaction


class Concluded(NamedTuple):
    """An answer that counts from now on."""

    shop: Shop
    answer: Answer
    version: Version
    occasion: str
    now: datetime


async def conclude(tx: Transaction, concluded: Sequence[Concluded]) -> None:
    """Open what is to be done, and tell. The customers must be locked."""
    await open_for_answers(tx, [bad for one in concluded if (bad := _bad(one)) is not None])
    keys = [key_of(one.shop, one.answer.customer) for one in concluded]
    reserve: Counter[OutboxKey] = Counter()
    for key, one in zip(keys, concluded, strict=True):
        reserve[key] += len(forms_of(one.answer))
    await tx.lock_keys(reserve)
    for key, one in zip(keys, concluded, strict=True):
        for form in forms_of(one.answer):
            about: dict[str, Any] = {"slug": one.shop.slug, "now": one.now, "sequence": tx.sequence(key)}
            event = answered(form, one.answer, one.version.body, one.occasion, **about)
            tx.publish(topics.FEEDBACK_SURVEYS, key, event)


def _bad(one: Concluded) -> Bad | None:
    answer, score = one.answer, one.answer.score
    if score is None or not is_bad(one.version.body, score):
        return None
    return Bad(one.shop, answer.customer, answer.id, answer.survey, score, one.occasion, one.now)
