"""The ledger of points: accounts, lots, entries. What it keeps never breaks, and can be proved.

Other slices make operations, values that say what is to be so, and have them posted in their own transaction, as many
as they like at once:

    terms = {shop.number: terms_of(shop)}
    award = Award(Who(1, customer), Source.ORDER, order_id, (Part("spend", 3, 250, line="1"),), cause, day, partition)
    for operation, answer in zip(operations, await post(work.tx, terms, operations, shard=work.shard)): …

`Award` says what a source is worth now, all in all: the ledger posts the difference, so it may be told again, changed
and taken back in any order. An answer is `Done`, or a `Refusal` that names the field and why, and has changed nothing.
"""

from services.loyalty.points.beside import Beside, Step
from services.loyalty.points.domain.buckets import NEVER, POINTS_MAX, Bucket, Kind
from services.loyalty.points.domain.checking import INVARIANTS
from services.loyalty.points.domain.model import Cause, LotKey, Refusal, Source, Who
from services.loyalty.points.domain.operations import (
    Adjust,
    Award,
    Capture,
    Done,
    GiveBack,
    Operation,
    Part,
    Reinstate,
    Release,
    Reserve,
    Schedule,
    Spend,
    Turn,
)
from services.loyalty.points.domain.terms import DebtPolicy, Terms
from services.loyalty.points.jobs import PointsJobs, TermsOf
from services.loyalty.points.posting import TURN_TIMER, Answer, post
from services.loyalty.points.shops import slugs_of, terms_of
from services.loyalty.points.signing import Signer
from services.loyalty.points.store.balances import ExpiredLot, expired_lot, expired_since, spendable
from services.loyalty.points.verifying import Verified, verify

__all__ = [
    "INVARIANTS",
    "NEVER",
    "POINTS_MAX",
    "TURN_TIMER",
    "Adjust",
    "Answer",
    "Award",
    "Beside",
    "Bucket",
    "Capture",
    "Cause",
    "DebtPolicy",
    "Done",
    "ExpiredLot",
    "GiveBack",
    "Kind",
    "LotKey",
    "Operation",
    "Part",
    "PointsJobs",
    "Refusal",
    "Reinstate",
    "Release",
    "Reserve",
    "Schedule",
    "Signer",
    "Source",
    "Spend",
    "Step",
    "Terms",
    "TermsOf",
    "Turn",
    "Verified",
    "Who",
    "expired_lot",
    "expired_since",
    "post",
    "slugs_of",
    "spendable",
    "terms_of",
    "verify",
]
