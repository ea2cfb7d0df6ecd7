"""Orders as every service understands them: what is known of one, however its events arrive, and how these are read.

`order` is the algebra, pure: knowledge only ever joins. `reading` turns events of `orders.v1` into it, `keeping` turns
it into bytes for a table. What may not live here: tables, and what an order means to one service.
"""

from shared.orders.keeping import known_bytes, known_order
from shared.orders.order import (
    GUEST,
    Content,
    Fact,
    Mark,
    OrderState,
    Pieces,
    Refund,
    fact,
    first_completion,
    is_counted,
    merge,
    net,
    resolved,
    standing,
    status,
    worth,
)
from shared.orders.reading import (
    FUTURE_US,
    ORDER_ID_BYTES_MAX,
    content_of,
    customers_of,
    fault,
    instants,
    is_storable,
    microseconds,
    pieces,
    refund_of,
    state_of,
    told_apart,
)

__all__ = [
    "FUTURE_US",
    "GUEST",
    "ORDER_ID_BYTES_MAX",
    "Content",
    "Fact",
    "Mark",
    "OrderState",
    "Pieces",
    "Refund",
    "content_of",
    "customers_of",
    "fact",
    "fault",
    "first_completion",
    "instants",
    "is_counted",
    "is_storable",
    "known_bytes",
    "known_order",
    "merge",
    "microseconds",
    "net",
    "pieces",
    "refund_of",
    "resolved",
    "standing",
    "state_of",
    "status",
    "told_apart",
    "worth",
]
