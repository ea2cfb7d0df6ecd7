"""`keys.v1`: API keys by hash, compacted, keyed by shop and key id. Every service keeps its own copy."""

from __future__ import annotations

import msgspec

from shared.contracts.envelope import Envelope, Instant


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of one shop. The key itself is shown once, when it is made, and stored nowhere."""

    key_id: str
    shop_number: int
    sha256: str
    """Hex digest of the whole key text (256 random bits, so no salt is needed)."""
    scopes: tuple[str, ...]
    name: str = ""
    expires_at: Instant | None = None
    revoked_at: Instant | None = None


class ApiKeyChanged(Envelope, frozen=True, kw_only=True, tag="api-key.changed"):
    """The key was issued, rotated or revoked: full state."""

    data: ApiKey


KeyEvent = ApiKeyChanged
