"""The kinds of problems. Each names fields and says what to do; none repeats what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

_RETRY_AFTER_SECONDS = 2


class FieldError(NamedTuple):
    """What is wrong with one field. `field` is dotted: `query.as_of`, `body.items.0.amount`."""

    field: str
    reason: str


class Problem(Exception):
    """An answer other than success. Raise it from wherever a request led to."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`code` is a stable word for machines, such as `not-found`; `detail` says what to do."""
        super().__init__(title)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def invalid(*errors: FieldError) -> Problem:
    """422: fields that cannot be accepted."""
    return Problem(422, "invalid", "The request is not valid", "See `errors` for each field.", errors=errors)


def not_found(what: str = "resource") -> Problem:
    """404: also for what belongs to another shop, so that nothing can be learned of it."""
    return Problem(404, "not-found", f"No such {what}")


def unauthenticated() -> Problem:
    """401: no key or token, or one that does not hold. The reason is not told."""
    return Problem(
        401,
        "unauthenticated",
        "A valid API key or staff token is needed",
        "Send a key as `Authorization: Bearer <key>` or `X-Api-Key: <key>`, "
        "a token as `Authorization: Bearer <token>`.",
        headers={"WWW-Authenticate": 'Bearer realm="mandegar"'},
    )


def key_expired() -> Problem:
    """401: a key that held until its time was over. Only who has its text is told."""
    return Problem(
        401,
        "key-expired",
        "The API key has expired",
        "Use the key that was made when this one was rotated, or ask for a new one.",
        headers={"WWW-Authenticate": 'Bearer realm="mandegar", error="invalid_token"'},
    )


def token_expired() -> Problem:
    """401: a staff token that held until its time was over."""
    return Problem(
        401,
        "token-expired",
        "The staff token has expired",
        "Log in again, or ask for a new token.",
        headers={"WWW-Authenticate": 'Bearer realm="mandegar", error="invalid_token"'},
    )


def forbidden(permission: str) -> Problem:
    """403: we know who calls, but they were not given this permission."""
    return Problem(403, "forbidden", "This is not allowed", f"The permission `{permission}` is needed.")


def conflict(code: str, title: str, detail: str) -> Problem:
    """409: cannot be done as things stand. `detail` names the field and says what to do first."""
    return Problem(409, code, title, detail)


def changed_meanwhile() -> Problem:
    """412: what was to be changed is not what the caller had read (`If-Match`)."""
    return Problem(412, "changed-meanwhile", "Somebody else changed this meanwhile", "Read it again, then change it.")


def unavailable(detail: str = "The service is busy or its database is away; try again.") -> Problem:
    """503 with Retry-After."""
    return Problem(503, "unavailable", "Try again shortly", detail, headers={"Retry-After": str(_RETRY_AFTER_SECONDS)})


def too_large(bytes_max: int) -> Problem:
    """413: the body is longer than the limit; it was not read."""
    return Problem(413, "too-large", "The request body is too large", f"At most {bytes_max} bytes are accepted.")


def unsupported_media_type(*accepted: str) -> Problem:
    """415: the body has a form that the route does not read."""
    return Problem(
        415, "unsupported-media-type", "The body's form is not read here", "Send " + " or ".join(accepted) + "."
    )


def too_many(seconds: int) -> Problem:
    """429 with Retry-After: the key has used up its allowance."""
    detail = "The key has used up its allowance; send again after the seconds in Retry-After."
    return Problem(429, "too-many", "Too many events", detail, headers={"Retry-After": str(seconds)})


def unexpected() -> Problem:
    """500: a defect of ours. The log has the trace under the request id."""
    return Problem(500, "unexpected", "Something went wrong on our side", "Quote the request id when you report it.")
