"""Who may call a route: each names the permission that it takes, or says that it needs none, and why.

    caller: Annotated[Caller, Depends(allow("metrics:read"))]
    caller: Annotated[Caller, Depends(allow("customers:read", personal=True))]
    @router.post("…", openapi_extra=public("signed by the sender"))

A route without either keeps the application from starting. The shop of a request is that of its key or staff token.
What writes, and what reads personal data, leaves an entry in the audit log (`shared.web.audited`).
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, ClassVar, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.dependencies.models import Dependant
from fastapi.openapi.models import HTTPBase as HTTPBaseModel
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.requests import Request

from shared.kernel import PERMISSIONS, Permission, permissions_of_role
from shared.problems import forbidden, token_expired, unauthenticated
from shared.web.audited import note_of
from shared.web.callers import Caller
from shared.web.keyring import Keyring
from shared.web.staff import StaffTokens, looks_like_a_token

_BASIC_LENGTH_MAX = 400
_READING = ("GET", "HEAD", "OPTIONS")
PERMISSIONS_FIELD, PERSONAL_FIELD, PUBLIC_FIELD = "x-permissions", "x-personal", "x-public"
"""How the API's description tells of it."""

_bearer = HTTPBearer(
    auto_error=False, scheme_name="bearer", description="`Authorization: Bearer <key>`, or a staff token (JWT)"
)
_header = APIKeyHeader(name="X-Api-Key", auto_error=False, scheme_name="api_key", description="`X-Api-Key: <key>`")


class Access(NamedTuple):
    """What a route asks of its callers."""

    permission: Permission
    personal: bool = False
    """It shows data of customers."""
    writes: bool | None = None
    """Whether it changes state; None: all but GET do."""
    audited: bool = True


class UndeclaredRoute(Exception):
    """A route says neither which permission it takes nor that it needs none."""


def allow(
    permission: Permission, *, personal: bool = False, writes: bool | None = None
) -> Callable[..., Awaitable[Caller]]:
    """A dependency that gives the Caller, or answers 401 (nobody we know) or 403 (without the permission).

    `personal`: the route shows data of customers; reads are then audited. `writes`: say False for a POST that changes
    nothing.
    """
    access = Access(permission, personal, writes)

    async def caller(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
        header: Annotated[str | None, Depends(_header)],
    ) -> Caller:
        return await _allowed(request, access, bearer.credentials if bearer else None, header)

    caller.access = access  # type: ignore[attr-defined]  # read by `declare`
    return caller


def public(reason: str) -> dict[str, Any]:
    """For `openapi_extra` of a route that takes no permission; `reason` says what it goes by."""
    return {PUBLIC_FIELD: reason}


class AllowWriteKey(SecurityBase):
    """As `allow`; the key may also be the user name of HTTP Basic: how libraries of Segment's form send it.

    One step where `allow` takes four, for routes that are called thousands of times a second. Such a route adds
    `SECURITY` to its `openapi_extra`, which tells of the other two ways. What it hands in is an event, which tells
    itself where it came from: there is no entry in the audit log beside it.
    """

    SECURITY: ClassVar[dict[str, Any]] = {"security": [{"bearer": []}, {"api_key": []}]}

    def __init__(self, permission: Permission) -> None:
        """`permission`: what the key must be allowed to do."""
        self.model = HTTPBaseModel(scheme="basic", description="The key as user name, without a password")
        self.scheme_name = "write_key"
        self.access = Access(permission, audited=False)

    async def __call__(self, request: Request) -> Caller:
        """The caller. Problem 401 or 403."""
        header = request.headers.get("x-api-key")
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        scheme, text = scheme.lower(), text.strip()
        named = text if scheme == "bearer" else _user_name(text) if scheme == "basic" else None
        return await _allowed(request, self.access, named, header)


def _user_name(text: str) -> str | None:
    if len(text) > _BASIC_LENGTH_MAX:
        return None
    try:
        return base64.b64decode(text, validate=True).decode("ascii").partition(":")[0]
    except ValueError:
        return None


async def _allowed(request: Request, access: Access, *texts: str | None) -> Caller:
    given = {text for text in texts if text}
    found = await _caller(request, given.pop()) if len(given) == 1 else None
    if found is None:
        raise unauthenticated()
    writes = request.method not in _READING if access.writes is None else access.writes
    if access.audited and (writes or access.personal):
        note_of(request.scope, found)
    if access.permission not in found.permissions:
        raise forbidden(access.permission)
    return found


async def _caller(request: Request, text: str) -> Caller | None:
    state = request.app.state
    keyring: Keyring = state.keyring
    if not looks_like_a_token(text):
        return await keyring.caller(text)
    tokens: StaffTokens | None = state.staff
    staff = None if tokens is None else await tokens.read(text)
    found = None if staff is None else await keyring.shop(staff.shop)
    if staff is None or found is None:
        return None
    shop, moment = found
    now = moment.now().timestamp()
    if staff.expires <= now:
        raise token_expired()
    if now < staff.not_before:
        return None
    return Caller(shop, permissions_of_role(staff.role), staff=staff.subject, role=staff.role)


def declare(router: APIRouter) -> None:
    """Write what each route asks into its description. Raises UndeclaredRoute for one that does not say."""
    for route in router.routes:
        if not isinstance(route, APIRoute):
            raise UndeclaredRoute(f"{route!r}: hand routers to the application one by one, each with its own routes")
        asked = sorted(set(_asked(route.dependant)))
        extra = route.openapi_extra or {}
        if bool(asked) == (PUBLIC_FIELD in extra):
            raise UndeclaredRoute(
                f"{route.path}: give it `Depends(allow(…))` or `openapi_extra=public(reason)`, and not both"
            )
        if unknown := [access.permission for access in asked if access.permission not in PERMISSIONS]:
            raise UndeclaredRoute(f"{route.path}: there is no permission {unknown}")
        if asked:
            told = {
                PERMISSIONS_FIELD: sorted({access.permission for access in asked}),
                PERSONAL_FIELD: any(access.personal for access in asked),
            }
            route.openapi_extra = {**extra, **told}


def _asked(dependant: Dependant) -> list[Access]:
    own = getattr(dependant.call, "access", None)
    below = [access for part in dependant.dependencies for access in _asked(part)]
    return [own, *below] if isinstance(own, Access) else below
