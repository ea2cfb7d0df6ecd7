"""Every table and every topic has its place in the story of a person's data: a new one fails here until it has one."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from mandegar.services import service_main, service_names
from shared.contracts import topics
from shared.messaging.cluster.topics import topics_of

ERASED = {
    "customer": "contacts are emptied; number and pointer stay",
    "customer_alias": "deleted",
    "customer_join": "what staff wrote beside a merge is emptied",
    "customer_conflict": "deleted",
    "consent": "deleted, with its evidence",
    "consent_link": "deleted",
    "browser": "deleted",
    "address_lift": "deleted",
    "receipt": "the mark of the address that a message went to is emptied",
    "task": "what staff were to do and wrote is emptied; what is open is cancelled",
    "message": "what it was to show and the mark of its address are emptied; what is planned is not sent",
    "journey_run": "what it was entered with is emptied",
    "dead_letter": "searched, by keyed hashes and surrogate ids",
    "outbox": "what waits for `customers.v1` is deleted",
    "profile": "contacts are emptied, and none come back; counts stay",
    "card": "deleted",
    "bank_card": "deleted",
    "correction_text": "what staff wrote of corrections is emptied",
    "member": "what staff wrote of leaving and blocking is emptied",
    "kept_answer": "answers that name the person are deleted",
    "respondent": "the language is emptied, and none comes back; stage and tier stay",
    "answer": "what was written is emptied; scores and choices stay",
    "care_case": "what was written of it is emptied",
    "care_contact": "what was said is emptied",
    "erasure": "keyed hashes that the search looks for, until it has ended",
}
"""What may hold something personal, and what an erasure does there."""
NUMBERS_ALONE = {
    *("order_customer", "order_fact", "order_content", "order_status", "refund", "spell", "touched_order"),
    *("customer_pointer", "customer_state", "touched_customer", "transition", "visit", "nps_answer"),
    *("belonging", "cap_use", "known_customer", "occasion", "occasion_refund", "order_spend"),
    *("built_gap", "built_order", "built_spell", "outbox_key", "timer"),
    *("purchase", "report", "stage_change", "segment_member", "journey_mark", "ordered", "invitation"),
    *("account", "entry", "lot", "hold", "hold_lot", "tier_standing"),
    *("redemption", "reward_code", "reward_use", "correction", "entitlement_delivery"),
}
"""What is of one person, by a random id and by ids of orders."""
OF_NOBODY = {
    *("api_key", "api_key_use", "audit_entry", "connection", "pull", "pull_hint", "shop", "shop_clock"),
    *("consumer_offset", "processed_event", "processed_month", "erasure_answer"),
    *("counter", "gap_count", "gap_figure", "generation", "generation_build"),
    *("contra", "ledger_root", "programme_draft", "programme_version", "reward", "reward_version"),
    "entitlement_endpoint",
    *("template_version", "segment", "segment_version", "message_policy", "journey", "journey_version"),
    "webhook_endpoint",
    *("survey_version", "survey_round", "asking_policy"),
}
"""What tells of no customer. The audit log names customers by random ids."""
WITH_CONTACTS = {topics.RAW_ORDERS, topics.RAW_ORDERS_BACKFILL, topics.RAW_INTERACTIONS, topics.CUSTOMERS}
WITHOUT_CONTACTS = {
    *(topics.ORDERS, topics.ORDERS_BACKFILL, topics.INTERACTIONS, topics.CONSENTS, topics.ERASURES),
    *(topics.METRICS_LIFECYCLE, topics.METRICS_RETENTION, topics.DEAD_LETTERS, topics.SHOPS, topics.KEYS),
    *(topics.LOYALTY_POINTS, topics.LOYALTY_MEMBERS, topics.LOYALTY_TIERS, topics.LOYALTY_REWARDS),
    *(topics.FEEDBACK_SURVEYS, topics.FEEDBACK_CASES, topics.LOYALTY_REQUESTS),
    *(topics.CAMPAIGNS_REQUESTS, topics.CAMPAIGNS_MESSAGES, topics.CAMPAIGNS_STATEMENTS),
    *(topics.CAMPAIGNS_SEGMENTS, topics.CAMPAIGNS_JOURNEYS),
    topics.CAMPAIGNS_TASKS,
}
_PERSONAL = re.compile(
    r"(^|_)(name|email|phone|contact|address|street|locale|birth\w*|evidence|note|comment|free_text)$"
)
_NAMES_OF_THINGS = {
    "api_key.name",
    "programme_draft.name",
    "occasion.name",
    "connection.name",
    "connection.address",
    "pull.address",
    "pull_hint.address",
} | {
    "transition.evidence"  # days and thresholds behind a stage
}


@pytest.mark.parametrize("service", service_names())
def test_every_table_says_what_becomes_of_a_person_in_it(service: str) -> None:
    tables = {table.name: table for table in import_module(f"services.{service}.tables").metadata.tables.values()}
    assert set(tables) <= ERASED.keys() | NUMBERS_ALONE | OF_NOBODY, "say what an erasure does there"
    for name in tables.keys() - ERASED.keys():
        names = [column.name for column in tables[name].columns]
        columns = {f"{name}.{column}" for column in names if _PERSONAL.search(column)}
        assert columns <= _NAMES_OF_THINGS, "a column for personal data, and no erasure that empties it"


def test_every_topic_says_whether_it_holds_contacts() -> None:
    found = set(topics_of([service_main(name).SERVICE for name in service_names()]))
    assert found == WITH_CONTACTS | WITHOUT_CONTACTS
    assert not WITH_CONTACTS & WITHOUT_CONTACTS
