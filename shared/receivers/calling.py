"""One attempt to tell a receiver, signed. Outside of any transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from shared.outgoing import NotConnected, Refused, Unreachable, Unreadable, signature_headers
from shared.receivers.sealing import Vault

if TYPE_CHECKING:
    from shared.outgoing.client import Outgoing

SECONDS_MAX = 15.0
"""Of an attempt, from the name of the host to the last byte of the answer."""
ANSWER_BYTES_MAX = 1_000_000


class Attempt(NamedTuple):
    """What came of it."""

    status: int | None
    """Of the answer; None: there was none."""
    asked: str = ""
    """The answer's `Retry-After`."""
    why: str = ""
    """Without an answer: why."""
    reach: Literal["answered", "perhaps", "not", "never"] = "answered"
    """Without an answer: whether it reached the receiver. `never`: the address may not be asked."""


async def attempt(
    outgoing: Outgoing,
    vault: Vault,
    url: str,
    sealed: Sequence[bytes],
    body: bytes,
    *,
    shop: int,
    message_id: str,
    now: datetime,
) -> Attempt:
    """Tell it, signed with each of the secrets, the newest first. `message_id`: the same at each attempt."""
    try:
        secrets = [vault.open(one, shop) for one in sealed]
    except ValueError:
        why = "the secret was encrypted with another MANDEGAR_SECRET_KEY; remove the endpoint and set it"
        return Attempt(None, why=why, reach="not")
    headers = signature_headers(body, secrets, message_id=message_id, now=now)
    try:
        answer = await outgoing.call("POST", url, {"Content-Type": "application/json", **headers}, body)
    except NotConnected as away:
        return Attempt(None, why=f"the receiver {away}", reach="not")
    except (Unreadable, Unreachable) as error:
        return Attempt(None, why=f"the receiver {error}", reach="perhaps")
    except Refused as refused:
        return Attempt(None, why=f"the receiver {refused}", reach="never")
    return Attempt(answer.status, answer.headers.get("retry-after", ""))
