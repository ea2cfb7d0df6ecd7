"""Rebuilding: a second set of a service's tables beside the live one, filled from the topics by its own code.

`plan` says what a service rebuilds and compares, `filling` fills, `comparing` compares both sets at the same positions,
`switching` exchanges them. What may not live here: what a table means.
"""

from shared.messaging.rebuilding.comparing import Examples, Verdict, compare, digests, exemplified
from shared.messaging.rebuilding.filling import Filler, Progress, RebuildTrouble
from shared.messaging.rebuilding.plan import RUNTIME_EXCHANGED, Compared, History, RebuildPlan, Sides
from shared.messaging.rebuilding.preparing import refresh, seed
from shared.messaging.rebuilding.switching import Switched, switch
from shared.messaging.rebuilding.targets import letters_to_repeat, live_positions

__all__ = [
    "RUNTIME_EXCHANGED",
    "Compared",
    "Examples",
    "Filler",
    "History",
    "Progress",
    "RebuildPlan",
    "RebuildTrouble",
    "Sides",
    "Switched",
    "Verdict",
    "compare",
    "digests",
    "exemplified",
    "letters_to_repeat",
    "live_positions",
    "refresh",
    "seed",
    "switch",
]
