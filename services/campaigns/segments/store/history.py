"""Single orders of persons, what was sent to them, and what they did about it: for conditions that ask for these."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from services.campaigns.audience import Key
from services.campaigns.segments.domain.history import History, Kept, Reply, Sent
from shared.db import Reads
from shared.kernel import us_of

_WHO = "unnest($1::smallint[], $2::bigint[]) AS k (shop, customer)"
_ORDERS = f"""
SELECT shop, customer, q.at, q.order_id, q.products, q.categories
FROM {_WHO} JOIN purchase q USING (shop, customer) ORDER BY shop, q.order_id
"""  # noqa: S608 - text of our own
_SENT = f"""
SELECT shop, customer, m.ended_at, m.id, m.campaign FROM {_WHO} JOIN message m USING (shop, customer)
WHERE NOT m.test AND m.state = 2 AND m.channel IN ('email', 'sms', 'push') ORDER BY shop, m.id
"""  # noqa: S608 - text of our own
_REPLIES = f"""
SELECT m.shop, m.customer, r.at, CASE r.what WHEN 3 THEN 'opened' ELSE 'clicked' END, m.campaign
FROM {_WHO} JOIN message m USING (shop, customer)
JOIN receipt r ON r.shop = m.shop AND r.message = m.id AND r.what IN (3, 4) AND NOT r.machine
WHERE NOT m.test ORDER BY m.shop, m.id, r.what, r.link
"""  # noqa: S608 - text of our own


async def histories_of(reads: Reads, keys: Collection[Key]) -> dict[Key, History]:
    """By identity."""
    asked = sorted(keys)
    columns = [shop for shop, _ in asked], [customer for _, customer in asked]
    orders, sent = defaultdict[Key, list[Kept]](list), defaultdict[Key, list[Sent]](list)
    replies = defaultdict[Key, list[Reply]](list)
    for shop, customer, at, order, products, categories in await reads.fetch(_ORDERS, *columns):
        orders[shop, customer].append(Kept(us_of(at), order, frozenset(products or ()), frozenset(categories or ())))
    for shop, customer, at, message, campaign in await reads.fetch(_SENT, *columns):
        sent[shop, customer].append(Sent(us_of(at), message, campaign))
    for shop, customer, at, did, campaign in await reads.fetch(_REPLIES, *columns):
        replies[shop, customer].append(Reply(us_of(at), did, campaign))
    return {key: History(tuple(orders[key]), tuple(sent[key]), tuple(replies[key])) for key in asked}
