"""segments: in which segments of campaigns customers were, and from when to when. Rules of earning ask.

Campaigns keeps segments and tells of each entry and departure; here is what was told, so that an order can be judged by
the moment at which it was placed.
"""

from services.loyalty.segments.consumer import on_segments
from services.loyalty.segments.domain import Change, before
from services.loyalty.segments.store import changes_of, standing_of

__all__ = ["Change", "before", "changes_of", "on_segments", "standing_of"]
