"""Points that were spent on an order: whoever redeems says so, and what the order's refunds give back follows."""

from __future__ import annotations

from datetime import datetime

from services.loyalty import persons
from services.loyalty.orders.domain.asking import Spend, Why, give_back, is_void, slid_by_spending
from services.loyalty.orders.domain.granting import Settled
from services.loyalty.orders.domain.occasion import Key, Kind, Known, purchase_of
from services.loyalty.orders.store import around as store
from services.loyalty.orders.store import occasions
from services.loyalty.points import GiveBack, Schedule, Who
from services.loyalty.programmes import Sliding, load_in_force
from shared.contracts.shops import Shop
from shared.db import Reads
from shared.messaging.handling import Transaction


async def spent_on(tx: Transaction, shop: int, order_id: str, spend: tuple[str, int, int], why: Why) -> GiveBack | None:
    """Remember that a spend (its name in the ledger, identity, points) was made on an order, known or not yet.

    What is to be posted where the order, as it is known, has something of it given back already; None for nothing. Call
    it before the spend is posted, in its transaction: it locks the order, and accounts are locked after orders. Of one
    that is not known yet it makes the empty row, so that a refund on its way sees the spend, or is seen here.
    """
    key = Key(shop, Kind.ORDER, order_id)
    after = await _locked(tx, key)
    named = Spend(key, *spend)
    await store.name_spend(tx.conn, named)
    person = await persons.identities_of_person(tx.conn, shop, named.customer)
    wanted = give_back(named, Settled(key, after, None, (), purchase_of(key, after)), person, why)
    return wanted if wanted.total else None


async def activity_of(reads: Reads, shop: Shop, customer: int, why: Why, now: datetime) -> list[Schedule]:
    """That a customer spends points begins the time of all their points anew, where the programme says so.

    What is to be posted with the spend, for each identity of the person. The shop's pointers are held.
    """
    version = await load_in_force(reads, shop.number, now)
    if version is None or not isinstance(version.programme.expiry, Sliding):
        return []
    person = await persons.identities_of_person(reads, shop.number, customer)
    whos = [Who(shop.number, identity) for identity in person.identities]
    return slid_by_spending(whos, version.programme.expiry, shop.calendar, why)


async def is_void_now(tx: Transaction, shop: int, order_id: str) -> bool:
    """Whether an order, as it is known, was cancelled or wholly refunded. Until the commit nobody changes that."""
    key = Key(shop, Kind.ORDER, order_id)
    known = await _locked(tx, key)
    return is_void(known, purchase_of(key, known))


async def _locked(tx: Transaction, key: Key) -> Known:
    await persons.hold(tx.conn, [key.shop])
    await occasions.make_rows(tx.conn, [key])
    found = (await occasions.lock(tx.conn, [key])).get(key)
    return Known() if found is None else found.known
