"""Wiring of metrics: what it reads, which slices count what changes, its timers. Its HTTP application: `app.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from services.metrics.cohorts.domain import booked as booked_cohorts
from services.metrics.cohorts.domain import counting as cohorts
from services.metrics.counters import jobs as counter_jobs
from services.metrics.generations.jobs import BUILD_TIMER, PURGE_TIMER, STAGES_TIMER, Builder, keep_and_build
from services.metrics.generations.store.steps import Steps
from services.metrics.lifecycle import jobs as lifecycle_jobs
from services.metrics.lifecycle import mark, move_visits, visiting
from services.metrics.lifecycle.consumer import follow
from services.metrics.lifecycle.forgetting import VISITS_TIMER, forget_visits
from services.metrics.lifecycle.shops import GAPS_TIMER
from services.metrics.lifecycle.telling import LIFECYCLE_TIMER
from services.metrics.nps import move as move_answers
from services.metrics.nps.consumer import AnswerConsumer
from services.metrics.orders.consumer import OrderConsumer
from services.metrics.orders.moving import IdentityConsumer
from services.metrics.privacy import erasure_handler
from services.metrics.rebuilding import PLAN
from services.metrics.retention import jobs
from services.metrics.retention.domain import booked as booked_retention
from services.metrics.retention.domain import counting as retention
from services.metrics.settings import MetricsSettings
from shared.clocks import ShopsOwnClock
from shared.contracts import topics
from shared.contracts.customers import CustomerEvent
from shared.contracts.erasures import CustomerErased
from shared.contracts.feedback import FeedbackSurveysEvent
from shared.contracts.interactions import InteractionEvent
from shared.contracts.orders import OrdersEvent
from shared.messaging.dead_letters import Cipher
from shared.messaging.handling import Service, Subscription
from shared.messaging.reference import reference_subscriptions

NAME = "metrics"
# Slices that receive what orders changed, in this order, in the same transaction.
_COUNT = (retention.count, cohorts.count)
_COUNT_BOOKED = (booked_retention.count, booked_cohorts.count)
_ANNOUNCE = (jobs.announce, counter_jobs.announce)
BUILDER = Builder(Steps(_COUNT, _COUNT_BOOKED), _ANNOUNCE)
"""Builds generations; counts as the consumer does."""


@cache
def _cipher_by_settings() -> Cipher:
    return Cipher(MetricsSettings.load(NAME).secret_key.get_secret_value())


def create_service(cipher: Callable[[], Cipher] = _cipher_by_settings) -> Service:
    """The service, with a consumer of its own. `cipher` opens its dead letters; by settings, once it is needed."""
    orders = OrderConsumer(count=_COUNT, announce=_ANNOUNCE, follow=follow, count_booked=_COUNT_BOOKED)
    shops, *reference = reference_subscriptions()
    return Service(
        name=NAME,
        subscriptions=(
            replace(shops, handle=keep_and_build),
            *reference,
            # Before orders: whoever moves identities holds their shop alone, which others share.
            Subscription(topics.CUSTOMERS, CustomerEvent, IdentityConsumer(orders, move_visits, mark, move_answers)),
            Subscription(topics.ORDERS, OrdersEvent, orders),
            Subscription(topics.ORDERS_BACKFILL, OrdersEvent, orders, lane=True),
            Subscription(topics.INTERACTIONS, InteractionEvent, visiting.record),
            Subscription(topics.FEEDBACK_SURVEYS, FeedbackSurveysEvent, AnswerConsumer(jobs.announce)),
            Subscription(topics.ERASURES, CustomerErased, erasure_handler(cipher)),
        ),
        timers={
            jobs.SNAPSHOT_TIMER: jobs.publish,
            counter_jobs.FOLD_TIMER: counter_jobs.fold_shops,
            LIFECYCLE_TIMER: lifecycle_jobs.fall_due,
            GAPS_TIMER: lifecycle_jobs.freeze_gaps,
            VISITS_TIMER: forget_visits,
            BUILD_TIMER: BUILDER.build,
            PURGE_TIMER: BUILDER.purge,
            STAGES_TIMER: BUILDER.restage,
        },
        own_topics=(topics.METRICS_RETENTION, topics.METRICS_LIFECYCLE, topics.ERASURES),
        clock=ShopsOwnClock(),
    )


SERVICE = create_service()
REBUILD = PLAN
