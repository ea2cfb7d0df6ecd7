"""The recount: every figure again, from scratch, by other means. The demo and the tests hold the services against it.

It reads the source file or the raw events as they were sent, and counts with plain Python and DuckDB. It is worth
something only as long as it shares nothing with what it checks: this room imports neither `services` nor `shared`.
"""

from mandegar.recount.books import Books
from mandegar.recount.cdnow import cdnow_purchases
from mandegar.recount.events import account_of_events, purchases_of_events
from mandegar.recount.measures import Purchase, Recount
from mandegar.recount.reading import ShopRules

__all__ = ["Books", "Purchase", "Recount", "ShopRules", "account_of_events", "cdnow_purchases", "purchases_of_events"]
