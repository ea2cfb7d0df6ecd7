"""What of metrics is rebuilt from the topics, and what of each table must come out as it stands in live."""

from __future__ import annotations

from services.metrics.generations.jobs import PURGE_TIMER
from services.metrics.lifecycle.adopting import LifecycleHistory, set_apart
from services.metrics.lifecycle.telling import LIFECYCLE_TIMER
from shared.messaging.rebuilding import Compared, RebuildPlan

# Counters, customers and what follows from them belong to a generation; only the live one is anybody's truth.
# Table `set_apart` holds customers whose stage one side has looked at by now and the other has not: a timer of theirs
# is due. Counters of stages (13, 14) are compared without these customers.
_APART = "EXISTS (SELECT FROM set_apart a WHERE (a.shop, a.customer) = ({0}.shop, {0}.customer))"
_TOLD_APART = f"""
FROM transition t JOIN generation g ON g.shop = t.shop AND g.number = t.generation AND g.live
WHERE t.retracted_by IS NULL AND {_APART.format("t")}
"""
_COUNTERS = f"""
SELECT shop, generation, basis, measure, param, currency, day, gap, sum(value) AS value
FROM (
    SELECT c.shop, c.generation, c.basis, c.measure, c.param, c.currency, c.day, c.gap, c.value
    FROM counter c JOIN generation g ON g.shop = c.shop AND g.number = c.generation AND g.live
    UNION ALL SELECT t.shop, t.generation, 0, 13, t.stage, '', t.day, 0, -1 {_TOLD_APART}
    UNION ALL SELECT t.shop, t.generation, 0, 13, t.previous, '', t.day, 0, 1 {_TOLD_APART} AND t.previous <> 0
    UNION ALL SELECT t.shop, t.generation, 0, 14, t.previous * 8 + t.stage, '', t.day, 0, -1 {_TOLD_APART}
) AS counted
GROUP BY shop, generation, basis, measure, param, currency, day, gap
HAVING sum(value) <> 0
"""  # noqa: S608 - constants
# On wall time a personal threshold rests on the figure that was known when the order came, which may be yesterday's.
_CUSTOMERS = f"""
SELECT c.shop, c.generation, c.customer, c.first_day, c.orders, c.days, c.odd,
       CASE WHEN NOT {_APART.format("c")} THEN ROW(c.stage, c.stage_began, c.last_visit, c.gaps) END AS life,
       CASE WHEN NOT {_APART.format("c")} AND (
           s.settings->>'clock' = 'stream' OR g.lifecycle->>'lapsing' <> 'personal'
       ) THEN c.threshold END AS threshold
FROM customer_state c
JOIN generation g ON g.shop = c.shop AND g.number = c.generation AND g.live
JOIN shop s ON s.number = c.shop
WHERE c.orders > 0 OR c.last_visit > 0 OR c.odd <> 0
"""  # noqa: S608 - constants
_TRANSITIONS = f"""
SELECT t.shop, t.generation, t.customer, t.day, t.previous, t.stage
FROM transition t JOIN generation g ON g.shop = t.shop AND g.number = t.generation AND g.live
WHERE t.retracted_by IS NULL AND NOT {_APART.format("t")}
"""  # noqa: S608 - constants
# Where time goes by events and orders alone decide, all that was told follows from the topics; but for customers of
# whom something came by another partition, such as a refund that named nobody and was ahead of its order.
_TOLD = f"""
SELECT t.shop, t.generation, t.customer, t.n, t.day, t.previous, t.stage, t.reason, t.last_active, t.threshold,
       t.evidence, t.late, t.time, t.event_id, t.retracted_by
FROM transition t
JOIN generation g ON g.shop = t.shop AND g.number = t.generation AND g.live
JOIN shop s ON s.number = t.shop
WHERE s.settings->>'clock' = 'stream' AND g.lifecycle->>'activity' = 'orders' AND NOT {_APART.format("t")}
"""  # noqa: S608 - constants
_GAP_COUNTS = """
SELECT t.shop, t.generation, t.first, t.gap, sum(t.value) AS value
FROM gap_count t JOIN generation g ON g.shop = t.shop AND g.number = t.generation AND g.live
GROUP BY t.shop, t.generation, t.first, t.gap HAVING sum(t.value) <> 0
"""
# A day's margin on either side: both are not asked at one instant, nor in one zone.
_VISITS = """
SELECT v.shop, v.customer, v.day, v.identity FROM visit v JOIN shop s ON s.number = v.shop
WHERE coalesce((s.settings->>'visit_months')::int, 0) = 0
    OR v.day > (now()::date - date '0001-01-01') + 3 - ((s.settings->>'visit_months')::int * 30.4375)
"""
_SETTINGS = """
SELECT shop, number, zone, calendar, windows, loyal_over, lifecycle, periods, closing_days FROM generation WHERE live
"""

_GENERATION = "shop, number, zone, calendar, windows, loyal_over, lifecycle, periods, closing_days"
# A rebuild dates all orders by the live settings: whatever live was building or settling, it is not.
_COPY_GENERATIONS = f"""
INSERT INTO {{anew}}.generation (live, building, {_GENERATION})
SELECT true, false, {_GENERATION} FROM {{live}}.generation WHERE live
ON CONFLICT (shop, number) DO NOTHING
"""  # noqa: S608 - constants
# The table of changes keeps its place, with rows of generations that are over or being built: their numbers must not be
# given away again, and these rows are to go.
_COPY_OTHERS = f"""
INSERT INTO {{anew}}.generation (live, building, {_GENERATION})
SELECT false, false, {_GENERATION} FROM {{live}}.generation WHERE NOT live
ON CONFLICT (shop, number) DO NOTHING
"""  # noqa: S608 - constants
_HAVE_PURGED = f"""
INSERT INTO {{anew}}.timer (shop, kind, identity, due, partition)
SELECT DISTINCT shop, '{PURGE_TIMER}', '', now(), 0 FROM {{live}}.generation WHERE NOT live
ON CONFLICT (shop, kind, identity) DO NOTHING
"""  # noqa: S608 - constants
# Frozen from what was known at that moment. On wall time no topic tells it. On the shop's own clock the topics do, but
# for orders that came by another partition than their customer's: whether before or after a day began there, they do
# not tell. So figures are history everywhere; `reached` lets them come into force when the clock gets there.
_COPY_FIGURES = """
INSERT INTO {anew}.gap_figure (shop, generation, partition, day, gaps, gap_days, first_gaps, first_gap_days)
SELECT f.shop, f.generation, f.partition, f.day, f.gaps, f.gap_days, f.first_gaps, f.first_gap_days
FROM {live}.gap_figure f JOIN {live}.generation g ON g.shop = f.shop AND g.number = f.generation AND g.live
ON CONFLICT (shop, generation, partition, day) DO NOTHING
"""

PLAN = RebuildPlan(
    exchanged=(
        *("order_fact", "order_status", "order_content", "refund", "spell", "customer_state", "counter", "generation"),
        *("nps_answer", "shop_clock", "visit", "gap_count", "gap_figure", "customer_pointer"),
        *("generation_build", "built_order", "built_spell", "built_gap", "touched_order", "touched_customer"),
    ),
    compared=(
        Compared(
            "order_fact",
            "SELECT shop, order_id, customer, completed_at, received_at, status_at, content_at, revenue, net, day,"
            " booked_day, status, counted, odd, currency, content_id, lines, identity FROM order_fact",
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
            "version (counts writes, which depends on batches); personal thresholds on wall time; rows of customers "
            "of whom nothing is known",
        ),
        Compared("counter", _COUNTERS, "shard (who wrote); counters that stand at zero; generations not live"),
        Compared("generation", _SETTINGS, "generations not live"),
        Compared("transition", _TRANSITIONS, "when and how it was told; what was taken back"),
        Compared(
            "transition (told)",
            _TOLD,
            "shops on wall time, or where visits count: it depends on when; elsewhere on orders of two partitions",
            decides=False,
        ),
        Compared("shop_clock", "SELECT shop, partition, until FROM shop_clock"),
        Compared("visit", _VISITS, "days older than their shop keeps them: the topic has them, and they go again"),
        Compared("nps_answer", "SELECT * FROM nps_answer"),
        Compared(
            "customer_pointer",
            "SELECT shop, customer, canonical FROM customer_pointer WHERE canonical <> customer",
            "sequence, and merges that were undone: compaction may have removed the events that told of them",
        ),
        Compared("gap_count", _GAP_COUNTS, "partition (that of who came first); counts that stand at zero"),
        Compared("shop", "SELECT number, slug, settings, sequence FROM shop", "version (counts writes)"),
        Compared("api_key", "SELECT * FROM api_key"),
        # What one side alone has set aside explains why other tables differ.
        Compared(
            "dead_letter",
            'SELECT topic, partition, "offset", handler, reason, detail FROM dead_letter',
            "when; letters whose bodies have gone for their age",
            decides=False,
        ),
    ),
    # Topics hold the newest settings of a shop only; those that its counters follow may be older.
    seeds=(_COPY_GENERATIONS,),
    refreshed=(_COPY_FIGURES, _COPY_OTHERS, _HAVE_PURGED),
    timers=(LIFECYCLE_TIMER,),
    set_apart=set_apart,
    # The table of changes keeps its place: what was told was told.
    history=LifecycleHistory(),
    constant=(Compared("generation", _SETTINGS),),
)
