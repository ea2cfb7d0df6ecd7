"""orders: what is known of each order and of each customer's order days. Turns a batch of events into changes."""

from services.metrics.orders.domain.changes import Amounts, Changes, Frame, Runs, Steps, Turns, frame_of, steps_of
from services.metrics.orders.domain.choice import Choice
from services.metrics.orders.domain.days import months_of
from services.metrics.orders.domain.following import Follow, Followed
from services.metrics.orders.domain.history import GAPS_SHOWN, History, history
from services.metrics.orders.domain.lives import GAP_MAX, GAPS, Lives, no_lives
from services.metrics.orders.domain.order import GUEST, Fact
from services.metrics.orders.store.listing import STRIDE, STRIDE_END, Listed, Told, all_listed, count_listed, listed
from services.metrics.orders.store.lives import Standings, lock_lives, order_days, save_lives
from services.metrics.orders.store.reading import CustomersAt, customers_at, history_of

__all__ = [
    "GAPS",
    "GAPS_SHOWN",
    "GAP_MAX",
    "GUEST",
    "STRIDE",
    "STRIDE_END",
    "Amounts",
    "Changes",
    "Choice",
    "CustomersAt",
    "Fact",
    "Follow",
    "Followed",
    "Frame",
    "History",
    "Listed",
    "Lives",
    "Runs",
    "Standings",
    "Steps",
    "Told",
    "Turns",
    "all_listed",
    "count_listed",
    "customers_at",
    "frame_of",
    "history",
    "history_of",
    "listed",
    "lock_lives",
    "months_of",
    "no_lives",
    "order_days",
    "save_lives",
    "steps_of",
]
