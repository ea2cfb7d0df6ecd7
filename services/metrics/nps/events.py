"""Contract → domain: of all that feedback tells, what counts for NPS. Domain → contract: the score of a day."""

from __future__ import annotations

from services.metrics.nps.domain import Answer
from shared.contracts.feedback import FeedbackSurveysEvent, SurveyAnswered
from shared.kernel import NPS_SCALE, parse_customer_id


def counts(event: FeedbackSurveysEvent) -> bool:
    """Whether it is an answer with a number from 0 to 10. `nps.detractor` repeats one, dismissals are none."""
    return isinstance(event, SurveyAnswered) and event.data.kind == "nps" and event.data.score is not None


def answer_of(event: FeedbackSurveysEvent, shop: int) -> Answer:
    """An answer that counts. ValueError for one that names nobody or lies on another scale."""
    assert isinstance(event, SurveyAnswered) and event.data.score is not None, "it counts"
    lowest, highest = NPS_SCALE
    if not lowest <= event.data.score <= highest:
        raise ValueError(f"data.score: lies outside {lowest} to {highest}, so it is of another scale")
    try:
        who = int(parse_customer_id(event.data.customer))
    except ValueError:
        raise ValueError("data.customer: a surrogate id is needed") from None
    return Answer(shop, event.data.answer, who, who, event.time, event.data.score)
