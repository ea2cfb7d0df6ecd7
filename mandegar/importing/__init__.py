"""Importing: a shop's history from whatever table it has, with its columns proposed, shown and settled before it goes.

A plan (`planning`) says which column is which and how dates and amounts are written; `orders` turns rows into messages
by it. Sending, progress and going on after an interruption are those of `replaying`.
What may not live here: knowledge of what the services do with an order.
"""

from mandegar.importing.mapping import Mapping, load_mapping, save_mapping
from mandegar.importing.orders import orders_of
from mandegar.importing.planning import Plan, Unsettled, plan_of
from mandegar.importing.preview import preview
from mandegar.importing.refusals import ErrorRows, RefusedRow

__all__ = [
    "ErrorRows",
    "Mapping",
    "Plan",
    "RefusedRow",
    "Unsettled",
    "load_mapping",
    "orders_of",
    "plan_of",
    "preview",
    "save_mapping",
]
