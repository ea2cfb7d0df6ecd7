"""What of metrics is rebuilt from the topics, and what of each table must come out as it stands in live."""

from __future__ import annotations

from shared.messaging.rebuilding import Compared, RebuildPlan

# Counters, customers and what follows from them belong to a generation; only the live one is anybody's truth.
_COUNTERS = """
SELECT c.shop, c.generation, c.basis, c.measure, c.param, c.currency, c.day, c.gap, sum(c.value) AS value
FROM counter c JOIN generation g ON g.shop = c.shop AND g.number = c.generation AND g.live
GROUP BY c.shop, c.generation, c.basis, c.measure, c.param, c.currency, c.day, c.gap
HAVING sum(c.value) <> 0
"""
_CUSTOMERS = """
SELECT c.shop, c.generation, c.customer, c.first_day, c.orders, c.days, c.stage, c.stage_began, c.last_visit,
       c.threshold, c.gaps, c.odd
FROM customer_state c JOIN generation g ON g.shop = c.shop AND g.number = c.generation AND g.live
WHERE c.orders > 0 OR c.last_visit > 0 OR c.odd <> 0
"""
_TRANSITIONS = """
SELECT t.shop, t.generation, t.customer, t.day, t.previous, t.stage, t.reason, t.last_active, t.threshold
FROM transition t JOIN generation g ON g.shop = t.shop AND g.number = t.generation AND g.live
WHERE t.retracted_by IS NULL
"""
_GAP_COUNTS = """
SELECT t.shop, t.generation, t.partition, t.first, t.gap, t.value
FROM gap_count t JOIN generation g ON g.shop = t.shop AND g.number = t.generation AND g.live
WHERE t.value <> 0
"""
_FIGURES = """
SELECT f.* FROM gap_figure f JOIN generation g ON g.shop = f.shop AND g.number = f.generation AND g.live
"""
_SETTINGS = """
SELECT shop, number, zone, calendar, windows, loyal_over, lifecycle, periods, closing_days FROM generation WHERE live
"""

_COPY_GENERATIONS = """
INSERT INTO {anew}.generation SELECT * FROM {live}.generation WHERE live
ON CONFLICT (shop, number) DO NOTHING
"""

PLAN = RebuildPlan(
    exchanged=(
        *("order_fact", "order_status", "order_content", "refund", "spell", "customer_state", "counter", "generation"),
        *("transition", "shop_clock", "visit", "gap_count", "gap_figure"),
        *("generation_build", "built_order", "built_spell", "built_gap", "touched_order", "touched_customer"),
    ),
    compared=(
        Compared(
            "order_fact",
            "SELECT shop, order_id, customer, completed_at, received_at, status_at, content_at, revenue, net, day,"
            " booked_day, status, counted, odd, currency, content_id, lines FROM order_fact",
        ),
        Compared(
            "order_status",
            "SELECT shop, order_id, occurred_at, completed, received_at FROM order_status",
            "booked_day (follows from the instants; not written anew when a shop's zone changes)",
        ),
        Compared(
            "refund",
            "SELECT shop, order_id, refund_id, occurred_at, event_id, received_at, amount, currency, whole, items"
            " FROM refund",
            "booked_day, likewise",
        ),
        Compared("order_content", "SELECT * FROM order_content"),
        Compared("spell", "SELECT * FROM spell"),
        Compared(
            "customer_state",
            _CUSTOMERS,
            "version (counts writes, which depends on batches); rows of customers without a counted order",
        ),
        Compared("counter", _COUNTERS, "shard (who wrote); counters that stand at zero; generations not live"),
        Compared("generation", _SETTINGS, "generations not live"),
        Compared("transition", _TRANSITIONS, "number, event and lateness (when it was learnt); what was taken back"),
        Compared("shop_clock", "SELECT shop, partition, until FROM shop_clock"),
        Compared("visit", "SELECT shop, customer, day FROM visit"),
        Compared("gap_count", _GAP_COUNTS, "counts that stand at zero"),
        Compared("gap_figure", _FIGURES),
        Compared("shop", "SELECT number, slug, settings, sequence FROM shop", "version (counts writes)"),
        Compared("api_key", "SELECT * FROM api_key"),
    ),
    # Topics hold the newest settings of a shop only; those that its counters follow may be older.
    seeds=(_COPY_GENERATIONS,),
    constant=(Compared("generation", _SETTINGS),),
)
