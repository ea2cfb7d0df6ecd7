"""Raw orders through the handler on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import msgspec
import pytest

from services.gateway.intake.events import cause_id
from shared.contracts.orders import OrderCancelled, OrderCompleted, OrderRefunded
from shared.kernel import CustomerId
from tests.gateway.ground import NOW, Gateway, clear, delivery, raw

pytestmark = pytest.mark.stack


async def test_an_order_of_a_new_customer_goes_out_with_a_surrogate_and_the_customer_is_told(gateway: Gateway) -> None:
    await gateway.take([raw("1", customer_id="c-1", name="Ali", revenue="12.34", currency="EUR")])
    order, (customer,) = await gateway.order(), await gateway.customers()
    assert isinstance(order, OrderCompleted)
    assert (order.data.revenue, order.data.currency, order.data.order_id) == (1234, "EUR", "o-1")
    assert order.data.customer == customer.data.customer == customer.data.canonical
    assert (customer.data.shop_customer_id, customer.data.name) == ("c-1", "Ali")
    assert (order.causationid, order.source, order.shop) == (cause_id("shop\x1f1"), "mandegar/gateway", "default")
    assert "1" != order.causationid == order.correlationid  # what a shop builds its ids from stays outside
    assert order.receivedat == NOW and order.time == NOW - timedelta(days=1)
    assert (customer.sequence, order.sequence) == (1, 2)


async def test_a_known_customer_is_told_of_only_when_something_changed(gateway: Gateway) -> None:
    await gateway.take([raw("1", customer_id="c-1", name="Ali")])
    await gateway.take([raw("2", customer_id="c-1", name="Ali", at=NOW)])
    assert len(await gateway.customers()) == 1
    await gateway.take([raw("3", customer_id="c-1", name="Reza", at=NOW)])
    assert [event.data.name for event in await gateway.customers()] == ["Ali", "Reza"]


async def test_a_late_event_does_not_overwrite_what_was_said_after_it(gateway: Gateway) -> None:
    await gateway.take([raw("1", customer_id="c-1", name="new", at=NOW)])
    await gateway.take([raw("2", customer_id="c-1", name="old", at=NOW - timedelta(days=9))])
    assert [event.data.name for event in await gateway.customers()] == ["new"]


async def test_phone_and_email_find_the_customer_in_any_spelling(gateway: Gateway) -> None:
    await gateway.take(
        [
            raw("1", customer_id=7, phone="09123456789", email="Ali@Shop.IR"),
            raw("2", phone="+98 912 345 6789"),
            raw("3", phone="۰۹۱۲۳۴۵۶۷۸۹"),
            raw("4", email=" ali@shop.ir "),
            raw("5", customer_id="7"),
        ]
    )
    assert len({event.data.customer for event in await gateway.orders()}) == 1
    assert (await gateway.customers())[-1].data.phone == "+989123456789"


async def test_a_free_identifier_becomes_an_alias_and_a_taken_one_keeps_its_owner(gateway: Gateway) -> None:
    await gateway.take(
        [
            raw("1", customer_id="a", phone="09120000001"),
            raw("2", customer_id="b", phone="09120000001"),
            raw("3", phone="09120000001"),
            raw("4", phone="09120000002", email="x@shop.ir"),
            raw("5", customer_id="c", email="x@shop.ir"),
            raw("6", customer_id="c"),
        ]
    )
    a, b, a_again, x, c, c_again = [event.data.customer for event in await gateway.orders()]
    assert a == a_again != b
    assert x == c == c_again


@pytest.mark.parametrize("value", ["null", "0", 0, "None", " undefined ", "", "۰", "[object Object]"])
async def test_values_that_identify_nobody_make_a_guest(gateway: Gateway, value: str | int) -> None:
    await gateway.take([raw("1", customer_id=value), raw("2", customer_id=value)])
    assert [event.data.customer for event in await gateway.orders()] == [None, None]
    assert await gateway.customers() == []


async def test_a_refund_that_names_nobody_takes_the_customer_of_its_order(gateway: Gateway) -> None:
    refund = raw("2", "Order Refunded", order_id="o-1")
    await gateway.take([raw("1", customer_id="a"), refund])
    await gateway.take([raw("3", "Order Cancelled", order_id="o-1"), raw("4", "Order Cancelled", order_id="?")])
    bought, refunded, cancelled, other = await gateway.orders()
    assert isinstance(refunded, OrderRefunded) and isinstance(cancelled, OrderCancelled)
    assert bought.data.customer == refunded.data.customer == cancelled.data.customer
    assert other.data.customer is None
    assert refunded.data.full and refunded.data.refund_id == "full"


async def test_a_guest_order_is_keyed_by_the_order(gateway: Gateway) -> None:
    await gateway.take([raw("1")])
    assert await gateway.pool.fetchval("SELECT key FROM outbox") == b"default:order/o-1"


async def test_no_personal_value_leaves_but_for_customers(gateway: Gateway) -> None:
    canary = {
        "customer_id": "canary-4711",
        "phone": "09121112233",
        "email": "canary@secret.ir",
        "name": "Canary Person",
        "locale": "fa-CANARY",
    }
    refused = raw("2", customer_id="canary-4711", email="canary@secret.ir", revenue="-1")
    await gateway.take([raw("1", subject="canary-subject", **canary), refused, raw("3", "Order Refunded", **canary)])
    rows = await gateway.pool.fetch("SELECT topic, key, value FROM outbox")
    assert {row["topic"] for row in rows} == {"orders.v1", "customers.v1", "dead-letters.v1"}
    seen = b" ".join(
        bytes(row["key"]) + (bytes(row["value"]) if row["topic"] != "customers.v1" else b"") for row in rows
    )
    seen += b"".join(refusal.detail.encode() for refusal in gateway.refused) + b"".join(
        await _bytes_of(gateway.pool, "customer_alias", "order_customer", "outbox_key", "dead_letter")
    )
    for secret in (b"canary", b"Canary", b"CANARY", b"9121112233"):
        assert secret not in seen
    assert len(gateway.refused) == 1


async def _bytes_of(pool: asyncpg.Pool[Any], *tables: str) -> list[bytes]:
    return [repr(tuple(row)).encode() for table in tables for row in await pool.fetch(f"SELECT * FROM {table}")]


def _dirty_stream(seed: int, people: int = 40, events: int = 400) -> list[dict[str, Any]]:
    """Orders, refunds and cancellations of people who always name the same identifiers; some events come twice."""
    rng = Random(seed)
    stream: list[dict[str, Any]] = []
    for number in range(events):
        person = rng.randrange(people)
        who: dict[str, Any] = {}
        if person % 4 in (0, 3):
            who["customer_id"] = f"c-{person}"
        if person % 4 in (1, 3):
            who["phone"] = f"0912{1_000_000 + person}"
        if person % 4 in (2, 3):
            who["email"] = f"P{person}@Shop.ir"
        who["name"] = rng.choice(["Ali", "Sara", "Reza"])
        name = rng.choice(["Order Completed", "order updated ", "Order Cancelled", "ORDER REFUNDED"])
        moment = NOW - timedelta(seconds=rng.randrange(10_000))
        event = raw(f"e{number}", name, at=moment, order_id=f"o{person}-{rng.randrange(6)}", revenue="5.5", **who)
        stream += [event, event] if rng.random() < 0.1 else [event]
    return stream


async def _outcome(pool: asyncpg.Pool[Any]) -> tuple[Any, Any, Any]:
    """Orders, final profiles and owners of orders, with each surrogate written as the person's marks."""
    rows = await pool.fetch("SELECT customer, shop_customer_id, phone, email, name FROM customer")
    marks = {row["customer"]: (row["shop_customer_id"], row["phone"], row["email"]) for row in rows}
    gateway = Gateway(pool)
    texts = {event.data.customer: _marks_of(event) for event in await gateway.customers()}
    orders = sorted(
        msgspec.json.encode(msgspec.structs.replace(event, sequence=0, data=_renamed(event.data, texts)))
        for event in await gateway.orders()
    )
    people = sorted(repr((marks[row["customer"]], row["name"])) for row in rows)
    owners = await pool.fetch("SELECT order_id, customer, at_us, tie FROM order_customer")
    return orders, people, sorted(repr((r["order_id"], marks[r["customer"]], r["at_us"], r["tie"])) for r in owners)


def _marks_of(event: Any) -> str:
    return repr((event.data.shop_customer_id, event.data.phone, event.data.email))


def _renamed(data: Any, texts: dict[str, str]) -> Any:
    return msgspec.structs.replace(data, customer=data.customer and texts[data.customer])


@pytest.mark.parametrize("batch", [1, 7, 20_000])
async def test_batch_size_doubling_and_order_change_nothing(pool: asyncpg.Pool[Any], batch: int) -> None:
    stream = _dirty_stream(7)
    await Gateway(pool).take(stream)
    expected = await _outcome(pool)
    assert len(expected[0]) == 400 and len(expected[1]) == 40
    await clear(pool)
    gateway = Gateway(pool, seed=99)
    rng = Random(batch)
    await gateway.take(stream, batch, placed="random", doubled=0.5, shuffled=1000, rng=rng)
    await gateway.take(stream, batch, placed="random", rng=rng)
    assert await _outcome(pool) == expected


async def test_the_outbox_of_a_customer_is_byte_equal_for_every_batch_size(pool: asyncpg.Pool[Any]) -> None:
    found = []
    for batch in (1, 7, 20_000):
        await clear(pool)
        await Gateway(pool, seed=5).take(_dirty_stream(3), batch)
        rows = await pool.fetch("SELECT topic, key, value FROM outbox ORDER BY shard, id")
        found.append([(row["topic"], bytes(row["key"]), bytes(row["value"])) for row in rows])
    assert len(found[0]) > 400
    assert found[0] == found[1] == found[2]


async def test_two_workers_racing_on_the_same_new_people_agree(pool: asyncpg.Pool[Any]) -> None:
    for turn in range(5):
        await clear(pool)
        stream = _dirty_stream(turn, people=200, events=600)
        workers = [Gateway(pool, seed=seed) for seed in range(3)]
        rng = Random(turn)
        unique = list({event["id"]: event for event in stream}.values())
        shares: list[list[Any]] = [[], [], []]
        for offset, event in enumerate(unique):
            shares[rng.randrange(3)].append(delivery(event, offset))
        async with asyncio.timeout(60):
            await asyncio.gather(*(_in_batches(w, share, 50) for w, share in zip(workers, shares, strict=True)))
        raced = await _outcome(pool)
        await clear(pool)
        await Gateway(pool).take(stream)
        assert raced == await _outcome(pool)


async def _in_batches(worker: Gateway, deliveries: list[Any], size: int) -> None:
    for start in range(0, len(deliveries), size):
        await worker.take_bare(deliveries[start : start + size])


async def test_a_worker_that_loses_a_new_phone_takes_the_winner_s_customer(pool: asyncpg.Pool[Any]) -> None:
    """The other one's transaction is held open until we are seen waiting for it, and then commits."""
    other = await pool.acquire()
    transaction = other.transaction()
    await transaction.start()
    try:
        await _insert_phone_owner(other, 4242)
        late = delivery(raw("1", customer_id="a", phone="09123456789"))
        task = asyncio.create_task(Gateway(pool).take_bare([late]))
        async with asyncio.timeout(10):
            while not await pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110 - its locks
                await asyncio.sleep(0.02)
        await transaction.commit()
        await asyncio.wait_for(task, 10)
    finally:
        await pool.release(other)
    rows = await pool.fetch("SELECT customer, shop_customer_id FROM customer")
    assert [tuple(row) for row in rows] == [(4242, "a")]
    assert await pool.fetchval("SELECT count(DISTINCT customer) FROM customer_alias") == 1


async def _insert_phone_owner(conn: Any, customer: int) -> None:
    from services.gateway.identity import Kind, Marker
    from shared.kernel import ShopId

    mark = Marker(b"9f2c7d41a86be350c1d24f7a90b8e6d3").fingerprint(ShopId(1), Kind.PHONE, "+989123456789")
    await conn.execute(
        "INSERT INTO customer VALUES (1, $1, $1, NULL, NULL, NULL, NULL, NULL, -1, -1, -1, -1, 1, 0)", customer
    )
    await conn.execute("INSERT INTO customer_alias VALUES (1, $1, $2, $3)", int(Kind.PHONE), mark, customer)


async def test_a_drawn_id_that_is_taken_is_drawn_again(
    pool: asyncpg.Pool[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter([5, 5, 5, 6])

    def draw(_seed: int) -> Callable[[], CustomerId]:
        return lambda: CustomerId(next(drawn))

    monkeypatch.setattr("tests.gateway.ground.random_ids", draw)
    gateway = Gateway(pool)
    await gateway.take([raw("1", customer_id="a")])
    await gateway.take([raw("2", customer_id="b")])
    assert sorted(row[0] for row in await pool.fetch("SELECT customer FROM customer")) == [5, 6]


async def test_a_large_batch_after_a_quiet_start_is_not_planned_for_empty_tables(pool: asyncpg.Pool[Any]) -> None:
    """Kept plans of the first small batches made the first large one on full tables run into its time limit."""
    gateway = Gateway(pool)
    for number in range(8):
        await gateway.take([raw(f"quiet-{number}", phone="09123456789", name="Ali")])
    people = [
        raw(f"{turn}-{n}", customer_id=n, phone=f"0912{2_000_000 + n}", email=f"p{n}@shop.ir", order_id=f"o{n}")
        for turn in range(3)
        for n in range(4000)
    ]
    async with asyncio.timeout(30):
        await gateway.take(people, 4000)
    assert await pool.fetchval("SELECT count(*) FROM customer") == 4001
    kept = "SELECT statement FROM pg_prepared_statements WHERE generic_plans > 0 AND cardinality(parameter_types) > 0"
    assert [row[0] for row in await pool.fetch(kept)] == []
