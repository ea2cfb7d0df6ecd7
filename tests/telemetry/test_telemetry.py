"""Logs and metrics hold nobody's contacts."""

from __future__ import annotations

import io
import json
import logging

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from shared.kernel import api_key_text
from shared.telemetry import configure_logging, get_logger, http_metrics, mask, mask_text, runtime_metrics

KEY = api_key_text("reader01", bytes(range(32)))


@pytest.mark.parametrize(
    "text",
    [
        "joe@example.com",
        "Key (email)=(joe@example.com) already exists",
        "+98 912 123 4567",
        "00989121234567",
        "09121234567",
        "۰۹۱۲ ۱۲۳ ۴۵۶۷",
        "(021) 8877-6655",
        "+1 (415) 555-2671",
        KEY,
        "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJqb2UifQ.aGVsbG8gd29ybGQjoe4567",
    ],
)
def test_contacts_and_keys_are_masked(text: str) -> None:
    masked = mask_text(f"found {text}, again")
    assert "***" in masked
    assert not any(part in masked for part in ("joe", "4567", "۴۵۶۷", "6655", "2671", KEY[20:]))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22 05:53:48+00:00",
        "0191c2d0-0123-8123-8123-001234567890",
        "offset 1234567890123",
        "127.0.0.1:54321",
        "orders.v1 12",
        "1k9d0v3mq7c2e",
        "took 0.0123456789 s",
    ],
)
def test_times_ids_and_positions_stay(text: str) -> None:
    assert mask_text(text) == text


def test_personal_fields_are_replaced_whole_however_deep() -> None:
    assert mask({"a": [{"email": "x", "n": 1}], "Phone": 98912, "raw": b"abc"}) == {
        "a": [{"email": "***", "n": 1}],
        "Phone": "***",
        "raw": "<3 bytes>",
    }


def test_lines_are_json_and_libraries_take_the_same_way() -> None:
    out = io.StringIO()
    configure_logging("metrics", format="json", stream=out)
    get_logger("a").info("batch committed", events=500, phone="09121234567")
    logging.getLogger("some.library").warning("could not reach %s", "joe@example.com")
    try:
        raise ValueError("joe@example.com")
    except ValueError:
        get_logger("a").exception("failed")
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["batch committed", "could not reach ***", "failed"]
    assert lines[0]["events"] == 500 and lines[0]["service"] == "metrics" and lines[0]["level"] == "info"
    assert "ValueError: ***" in lines[2]["exception"]
    assert "joe" not in out.getvalue() and "0912" not in out.getvalue()


def test_the_level_holds() -> None:
    out = io.StringIO()
    configure_logging("metrics", level="warning", format="json", stream=out)
    get_logger("a").info("quiet")
    get_logger("a").warning("loud")
    assert [json.loads(line)["event"] for line in out.getvalue().splitlines()] == ["loud"]


def test_metrics_may_be_asked_for_often_and_have_no_label_for_people() -> None:
    registry = CollectorRegistry()
    for service in ("metrics", "gateway", "metrics"):
        runtime = runtime_metrics(service, registry)
        runtime.events("orders.v1").inc(5)
        runtime.content_differs("orders.v1").inc()
        runtime.lag_events("orders.v1", 3).set(7)
        runtime.stage_seconds("commit").observe(0.02)
    http_metrics("metrics", registry).observe("GET", "/v1/customers/{customer}", 200, 0.01)
    text = generate_latest(registry).decode()
    assert 'mandegar_events_total{service="metrics",topic="orders.v1"} 10.0' in text
    assert 'mandegar_lag_events{partition="3",service="gateway",topic="orders.v1"} 7.0' in text
    labels = {label for metric in registry.collect() for sample in metric.samples for label in sample.labels}
    assert labels == {"service", "topic", "partition", "stage", "method", "route", "status", "le"}
