"""Every event type: round trips, CloudEvents, its own schema."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.envelope import ENCODER, HEADER_DECODER, message_key
from shared.contracts.orders import Order, OrderCompleted, OrderEvent, OrderLine, OrderRefunded, Refund
from shared.contracts.registry import TOPICS, Topic
from shared.contracts.samples import samples
from shared.contracts.schemas import event_schemas

FORMS = [(topic, name, form) for topic in TOPICS.values() for name, form in topic.types.items()]
NAMES = [f"{topic.name} {name}" for topic, name, _form in FORMS]
EXTENSIONS = {"shop", "origin", "sequence", "causationid", "correlationid", "effectiveat", "receivedat"}


def _readable(topic: Topic, form: type[msgspec.Struct]) -> Any:
    """What a reader decodes: foreign events are told apart before, as their `type` is for people to write."""
    return form if topic.foreign else topic.events


@pytest.mark.parametrize(("topic", "name", "form"), FORMS, ids=NAMES)
def test_a_sample_survives_writing_and_reading(topic: Topic, name: str, form: type[msgspec.Struct]) -> None:
    sample = samples()[form]
    assert msgspec.json.decode(ENCODER.encode(sample), type=_readable(topic, form)) == sample


@pytest.mark.parametrize(("topic", "name", "form"), FORMS, ids=NAMES)
def test_an_independent_reader_of_cloudevents_reads_it(topic: Topic, name: str, form: type[msgspec.Struct]) -> None:
    sample = samples()[form]
    body = json.loads(ENCODER.encode(sample))
    event = JSONFormat().read(None, ENCODER.encode(sample))  # raises where an attribute breaks the specification
    assert (event.get_specversion(), event.get_id(), event.get_type()) == ("1.0", body["id"], body["type"])
    assert (event.get_source(), event.get_subject(), event.get_data()) == (
        body["source"],
        body["subject"],
        body["data"],
    )
    assert event.get_time() == datetime.fromisoformat(body["time"])
    extensions = set(event.get_attributes()) - {"id", "source", "type", "specversion", "time", "subject"}
    assert extensions <= EXTENSIONS
    assert all(event.get_extension(extension) == body[extension] for extension in extensions)


@pytest.mark.parametrize(("topic", "name", "form"), FORMS, ids=NAMES)
def test_a_sample_keeps_its_schema_and_the_schema_refuses_what_lacks_an_id(
    topic: Topic, name: str, form: type[msgspec.Struct]
) -> None:
    schema = jsonschema_rs.validator_for(event_schemas()[topic.name][name])
    body = json.loads(ENCODER.encode(samples()[form]))
    schema.validate(body)
    for required in ("id", "type", "time", "data"):
        assert not schema.is_valid({key: value for key, value in body.items() if key != required})
    assert not schema.is_valid(body | {"data": 1})


@pytest.mark.parametrize(("topic", "name", "form"), FORMS, ids=NAMES)
def test_a_reader_ignores_fields_that_it_does_not_know(topic: Topic, name: str, form: type[msgspec.Struct]) -> None:
    body = json.loads(ENCODER.encode(samples()[form]))
    body["data"]["added_later"] = {"x": 1}
    body["traceparent"] = "00-0"
    assert msgspec.json.decode(json.dumps(body), type=_readable(topic, form)) == samples()[form]


def test_no_internal_topic_but_customers_has_a_field_for_contacts() -> None:
    personal = {"email", "phone", "name", "address", "shop_customer_id", "customer_id"}
    for topic in TOPICS.values():
        for name, schema in event_schemas()[topic.name].items():
            fields = {
                f
                for form, s in schema["$defs"].items()
                if form in ("Order", "Refund", "Customer")
                for f in s["properties"]
            }
            assert topic.personal or not fields & personal, name
    assert {topic.name for topic in TOPICS.values() if topic.personal} == {
        "raw.orders.v1",
        "raw.interactions.v1",
        "raw.orders.backfill.v1",
        "customers.v1",
    }


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
AMOUNTS = st.integers(-(10**15), 10**15)
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
LINES = st.builds(OrderLine, line_id=TEXTS, quantity=st.integers(0, 10**6), price=AMOUNTS, sku=TEXTS, name=TEXTS)
ORDERS = st.builds(
    Order,
    order_id=TEXTS,
    customer=st.none() | TEXTS,
    currency=st.sampled_from(["IRR", "USD", "KWD"]),
    revenue=AMOUNTS,
    total=st.just(msgspec.UNSET) | AMOUNTS,
    lines=st.lists(LINES, max_size=3),
)
REFUNDS = st.builds(
    Refund, order_id=TEXTS, customer=st.none() | TEXTS, refund_id=TEXTS, amount=st.none() | AMOUNTS, full=st.booleans()
)


def _events(form: type[Any], data: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        form,
        id=TEXTS,
        source=TEXTS,
        subject=TEXTS,
        time=INSTANTS,
        shop=TEXTS,
        origin=st.sampled_from(["live", "backfill"]),
        sequence=st.just(msgspec.UNSET) | st.integers(0, 2**62),
        receivedat=st.just(msgspec.UNSET) | INSTANTS,
        data=data,
    )


@settings(max_examples=150, deadline=None)
@given(_events(OrderCompleted, ORDERS) | _events(OrderRefunded, REFUNDS))
def test_any_event_survives_writing_and_reading(event: Any) -> None:
    body = ENCODER.encode(event)
    assert msgspec.json.decode(body, type=OrderEvent) == event
    assert json.loads(body)["type"] == type(event).__struct_config__.tag
    assert HEADER_DECODER.decode(body).id == event.id


def test_a_time_without_offset_is_refused() -> None:
    body = json.loads(ENCODER.encode(samples()[OrderCompleted])) | {"time": "2026-03-21T09:30:00"}
    with pytest.raises(msgspec.ValidationError, match="timezone"):
        msgspec.json.decode(json.dumps(body), type=OrderEvent)


def test_keys_of_one_customer_are_one_key() -> None:
    assert message_key("laleh", "1k9d0v3mq7c2e") == b"laleh:1k9d0v3mq7c2e"
    assert message_key("laleh", "") == b"laleh:"
