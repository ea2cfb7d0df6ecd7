"""orders: what is known of each order and of each customer's order days. Turns a batch of events into changes."""

from services.metrics.orders.domain.accounts import Accounts
from services.metrics.orders.domain.anew import Counted, Person, accounts_anew, changes_of
from services.metrics.orders.domain.books import END, Step, entries_of
from services.metrics.orders.domain.changes import Amounts, Changes, Frame, Runs, Steps, Turns, frame_of, steps_of
from services.metrics.orders.domain.choice import Choice
from services.metrics.orders.domain.days import ShopDays, month_ends, months_of
from services.metrics.orders.domain.following import Follow, Followed
from services.metrics.orders.domain.history import GAPS_SHOWN, History, booked_history, history
from services.metrics.orders.domain.lives import GAP_MAX, GAPS, Lives, no_lives
from services.metrics.orders.store.differing import Differences, differences_at, steps_of_customer
from services.metrics.orders.store.listing import STRIDE, STRIDE_END, Listed, Told, all_listed, count_listed, listed
from services.metrics.orders.store.listing_books import Question
from services.metrics.orders.store.lives import Standings, lock_lives, make_rows, order_days, save_lives
from services.metrics.orders.store.reading import CustomersAt, customers_at, history_of
from services.metrics.orders.store.redating import Redated, redated, redated_behind
from services.metrics.orders.store.settling import is_unsettled, refuse_unsettled, settle_next, settle_of
from shared.orders import GUEST, Fact

__all__ = [
    "END",
    "GAPS",
    "GAPS_SHOWN",
    "GAP_MAX",
    "GUEST",
    "STRIDE",
    "STRIDE_END",
    "Accounts",
    "Amounts",
    "Changes",
    "Choice",
    "Counted",
    "CustomersAt",
    "Differences",
    "Fact",
    "Follow",
    "Followed",
    "Frame",
    "History",
    "Listed",
    "Lives",
    "Person",
    "Question",
    "Redated",
    "Runs",
    "ShopDays",
    "Standings",
    "Step",
    "Steps",
    "Told",
    "Turns",
    "accounts_anew",
    "all_listed",
    "booked_history",
    "changes_of",
    "count_listed",
    "customers_at",
    "differences_at",
    "entries_of",
    "frame_of",
    "history",
    "history_of",
    "is_unsettled",
    "listed",
    "lock_lives",
    "make_rows",
    "month_ends",
    "months_of",
    "no_lives",
    "order_days",
    "redated",
    "redated_behind",
    "refuse_unsettled",
    "save_lives",
    "settle_next",
    "settle_of",
    "steps_of",
    "steps_of_customer",
]
