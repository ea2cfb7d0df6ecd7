"""Signed webhooks, in and out, by the Standard Webhooks specification: HMAC-SHA256 over id, time and body. Pure.

Both sides hold one secret, or two while one is replaced: a sender signs with each, a receiver takes either. A time that
is not within five minutes of the receiver's ends what somebody recorded; within them the id tells a repetition.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

SECRET_LENGTH_MIN = 16
TOLERANCE = timedelta(seconds=300)
_PREFIX = "whsec_"
_SIGNATURES_MAX = 10
_DIGITS_MAX = 12


def signature_headers(
    body: bytes, secrets: Sequence[str], *, message_id: str, now: datetime, prefix: str = "webhook"
) -> dict[str, str]:
    """The three headers of a message that is sent now, signed with every secret, the newest first.

    The same message has the same id however often it is sent. Raises ValueError without a secret that is long enough.
    """
    if not secrets or any(len(secret) < SECRET_LENGTH_MIN for secret in secrets):
        raise ValueError(f"a webhook is signed with secrets of at least {SECRET_LENGTH_MIN} characters")
    if not message_id or "." in message_id:
        raise ValueError("a webhook needs an id, without dots: id, time and body are joined by them")
    at = str(int(now.timestamp()))
    signatures = " ".join(f"v1,{_signature(body, secret, message_id, at).decode()}" for secret in secrets)
    return {f"{prefix}-id": message_id, f"{prefix}-timestamp": at, f"{prefix}-signature": signatures}


def is_signed(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> bool:
    """Whether a message, by headers in lower case, is signed by one of the secrets, and not longer ago than that.

    Every secret is compared, each in constant time. Empty and short ones sign nothing.
    """
    message_id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not is_timely(at, now):
        return False
    given = [part.partition(",") for part in headers.get("webhook-signature", "").split()[:_SIGNATURES_MAX]]
    found = False
    for secret in secrets:
        if len(secret) < SECRET_LENGTH_MIN:
            continue
        digest = _signature(body, secret, message_id, at)
        for version, _, signature in given:
            found |= version == "v1" and hmac.compare_digest(digest, signature.encode("utf-8", "replace"))
    return found


def is_timely(seconds: str, now: datetime) -> bool:
    """Whether a header's seconds since 1970 lie within the tolerance, either way."""
    if not seconds.isascii() or not seconds.isdigit() or len(seconds) > _DIGITS_MAX:
        return False
    return abs(now.timestamp() - int(seconds)) <= TOLERANCE.total_seconds()


def _signature(body: bytes, secret: str, message_id: str, at: str) -> bytes:
    signed = f"{message_id}.{at}.".encode("utf-8", "replace") + body
    return base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest())


def _key(secret: str) -> bytes:
    """The bytes behind a secret: `whsec_` says that they are written in base64, else it is the text itself."""
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
