"""Staff tokens: which hold and which do not, whose shop and role they speak for, and where keys come from."""

from __future__ import annotations

import asyncio
import json
import os
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from shared.settings import SettingsError
from shared.web.jwks import AddressKeys, FileKeys, read_jwks
from tests.security.ground import OTHER, OWN, Place, asking, bearer, customer_of
from tests.security.signing import (
    EDWARDS,
    FOREIGN,
    ISSUER,
    KEY,
    RSA,
    claims,
    forged,
    now,
    of_role,
    public_file,
    signed,
    swapped,
    unsigned,
)

pytestmark = [pytest.mark.stack, pytest.mark.filterwarnings("ignore:Key size")]
SETTINGS = f"/v1/shops/{OWN}/settings"
HOLDING = {
    "an elliptic key": signed,
    "an RSA key": lambda: signed(RSA, "RS256"),
    "an RSA key with PSS": lambda: signed(RSA, "PS256"),
    "an Edwards key": lambda: signed(EDWARDS, "Ed25519"),
    "one of several audiences": lambda: signed(aud=["other", "mandegar"]),
    "expired within the leeway": lambda: signed(exp=now() - 20),
    "begins within the leeway": lambda: signed(nbf=now() + 20),
    "a header that nobody knows": lambda: forged(tenant="t"),
}
REFUSED = {
    "no signature": unsigned,
    "None, capitalised": lambda: unsigned("None"),
    "an algorithm without its signature": lambda: unsigned("ES256"),
    "public key as secret": swapped,
    "public key as longer secret": lambda: swapped("HS512"),
    "elliptic header over an RSA key": lambda: signed(header={"kid": "rsa"}),
    "another key under the same id": lambda: signed(FOREIGN),
    "unknown key": lambda: signed(header={"kid": "two"}),
    "no key id": lambda: forged(kid=None),
    "number as key id": lambda: forged(kid=1),
    "the key in its own header": lambda: signed(FOREIGN, header={"jwk": FOREIGN.as_dict(private=False)}),
    "a critical header that nobody knows": lambda: forged(crit=["tenant"], tenant="t"),
    "wrong audience": lambda: signed(aud="other"),
    "no audience": lambda: signed(aud=None),
    "empty list of audiences": lambda: signed(aud=[]),
    "wrong issuer": lambda: signed(iss="https://evil.example"),
    "issuer with a slash": lambda: signed(iss=ISSUER + "/"),
    "no issuer": lambda: signed(iss=None),
    "not yet": lambda: signed(nbf=now() + 120),
    "issued in the future": lambda: signed(iat=now() + 120),
    "no end": lambda: signed(exp=None),
    "end as text": lambda: signed(exp=str(now() + 600)),
    "end as true": lambda: signed(exp=True),
    "end beyond all clocks": lambda: signed(exp=10**30),
    "no subject": lambda: signed(sub=None),
    "no shop": lambda: signed(shop=None),
    "a shop that does not exist": lambda: signed(shop="nowhere"),
    "a list as shop": lambda: signed(shop=["laleh"]),
    "NUL in the shop": lambda: signed(shop="laleh\x00"),
    "tampered": lambda: signed()[:-4] + "AAAA",
    "too long": lambda: signed(extra="x" * 9000),
    "three dots and nothing": lambda: "..",
    "no base64": lambda: "a.b.c",
    "not ASCII": lambda: "ä.ö.ü",
}


@pytest.fixture(scope="module")
async def http(place: Place, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    path = public_file(tmp_path_factory.mktemp("staff"))
    async with asking(place, "gateway", staff_jwks=str(path), staff_issuer=ISSUER) as client:
        yield client


async def ask(http: httpx.AsyncClient, token: str, path: str = SETTINGS) -> httpx.Response:
    return await http.get(path, headers={"Authorization": f"Bearer {token}".encode()})


@pytest.mark.parametrize("name", HOLDING)
async def test_a_token_holds_with(http: httpx.AsyncClient, name: str) -> None:
    assert (await ask(http, HOLDING[name]())).status_code == 200


@pytest.mark.parametrize("name", REFUSED)
async def test_a_token_is_refused_like_any_unknown_key_with(http: httpx.AsyncClient, name: str) -> None:
    answer = await ask(http, REFUSED[name]())
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:mandegar:problem:unauthenticated"


async def test_an_expired_token_is_told_so_and_only_where_the_signature_holds(http: httpx.AsyncClient) -> None:
    answer = await ask(http, signed(exp=now() - 60))
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (401, "token-expired")
    forged = await ask(http, signed(FOREIGN, exp=now() - 60))
    assert forged.json()["type"].rpartition(":")[2] == "unauthenticated"


async def test_a_token_of_another_shop_finds_nothing_here(http: httpx.AsyncClient) -> None:
    token = of_role("admin", OTHER)
    assert (await ask(http, token)).status_code == 404
    assert (await ask(http, token, f"/v1/customers/{customer_of(OWN)}/identities")).status_code == 404
    assert (await ask(http, token, f"/v1/shops/{OTHER}/settings")).status_code == 200


@pytest.mark.parametrize("role", ["", "owner", "Admin", None, ["admin"], 1])
async def test_a_role_that_is_none_may_nothing(http: httpx.AsyncClient, role: Any) -> None:
    assert (await ask(http, signed(role=role))).status_code == 403


async def test_the_audit_log_names_staff_and_role_and_never_an_address(place: Place, http: httpx.AsyncClient) -> None:
    path = f"/v1/customers/{customer_of(OWN)}/identities"
    named = await ask(http, of_role("agent", subject="u-99"), path)
    hidden = await ask(http, of_role("agent", subject="sara.canary@example.com"), path)
    assert [named.status_code, hidden.status_code] == [200, 200]
    log = {entry["request_id"]: entry for entry in await place.audit("gateway")}
    entry = log[named.headers["x-request-id"]]
    assert (entry["actor"], entry["role"], entry["outcome"]) == ("staff:u-99", "agent", "done")
    assert log[hidden.headers["x-request-id"]]["actor"].startswith("staff:sha256.")
    assert "canary" not in str(log)


async def test_without_keys_no_token_holds_and_in_another_header_none_does(
    place: Place, http: httpx.AsyncClient
) -> None:
    async with asking(place, "gateway", staff_jwks="", staff_issuer="") as bare:
        assert (await ask(bare, signed())).status_code == 401
    both = {**bearer(signed()), "X-Api-Key": place.key(OWN, "admin")}
    assert (await http.get(SETTINGS, headers=both)).status_code == 401


async def test_a_file_that_changes_is_read_again_and_one_that_breaks_leaves_the_keys_in_force(tmp_path: Path) -> None:
    time = [0.0]
    path = public_file(tmp_path, KEY)
    keys = FileKeys(path, lambda: time[0])
    assert await keys.find("one") and not await keys.find("rsa")
    for content, expected in ((public_file(tmp_path, RSA).read_text(), "rsa"), ("{", "rsa")):
        path.write_text(content)
        time[0] += 6
        os.utime(path, (time[0], time[0]))
        assert [name for name in ("one", "rsa") if await keys.find(name)] == [expected]


class Provider:
    """An address with keys, which may change, be away, or be something else."""

    def __init__(self) -> None:
        self.body: bytes | Exception = b""
        self.asked = 0
        self.time = 0.0
        self.keys = AddressKeys("https://keys.example", 300, lambda: self.time, httpx.MockTransport(self._answer))

    def _answer(self, _request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if isinstance(self.body, Exception):
            raise self.body
        return httpx.Response(200, content=self.body)

    def serve(self, *keys: Any) -> None:
        self.body = json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


async def test_whoever_comes_while_keys_are_fetched_waits_for_them() -> None:
    provider = Provider()

    async def slowly(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.05)
        return provider._answer(request)

    keys = AddressKeys("https://keys.example", 300, lambda: provider.time, httpx.MockTransport(slowly))
    provider.serve(KEY)
    assert all(await asyncio.gather(*(keys.find("one") for _ in range(8))))
    provider.serve(RSA)
    provider.time = 11
    assert all(await asyncio.gather(*(keys.find("rsa") for _ in range(8)))), "the provider signs with another key"
    assert provider.asked == 2


async def test_keys_of_an_address_are_fetched_once_rotated_by_id_and_kept_while_it_is_away() -> None:
    provider = Provider()
    provider.serve(KEY)
    assert await provider.keys.find("one") and await provider.keys.find("one")
    assert provider.asked == 1
    provider.serve(KEY, RSA)
    provider.time = 11
    assert await provider.keys.find("rsa")
    for number in range(50):  # made-up ids do not make us ask again and again
        assert await provider.keys.find(f"made-up-{number}") is None
    assert provider.asked == 2
    provider.body = httpx.ConnectError("away")
    provider.time = 3_600
    assert await provider.keys.find("one")
    provider.body = b"x" * 300_000
    provider.time = 7_200
    assert await provider.keys.find("one")
    provider.time = 100_000
    with pytest.raises(Exception, match="shortly"):
        await provider.keys.find("one")


def weak_key() -> RSAKey:
    with warnings.catch_warnings(action="ignore"):
        return RSAKey.generate_key(1024)


def jwks(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no JSON object"),
        (b"[]", "no JSON object"),
        (b"{}", "no JWKS"),
        (jwks(), "hold none"),
        (jwks(KEY.as_dict(private=True)), "private key"),
        (jwks(OctKey.generate_key(256, parameters={"kid": "s"}).as_dict(private=True)), "secret"),
        (jwks({**weak_key().as_dict(private=False), "kid": "weak"}), "2048"),
        (jwks({"kty": "EC", "crv": "P-256", "kid": "one"}), "cannot be read"),
        (jwks({**KEY.as_dict(private=False), "use": "enc"}), "hold none"),
        (jwks({**ECKey.generate_key("P-384").as_dict(private=False), "kid": "other"}), "hold none"),
    ],
    ids=lambda _: "",  # keys are made anew each time: the ids of the tests may not hold them
)
def test_keys_that_nobody_should_trust_are_refused(body: bytes, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        read_jwks(body)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"staff_jwks": "http://login.example/keys", "staff_issuer": ISSUER}, "https"),
        ({"staff_jwks": "ftp://login.example/keys", "staff_issuer": ISSUER}, "https"),
        ({"staff_jwks": "https://login.example/keys", "staff_issuer": ""}, "MANDEGAR_STAFF_ISSUER"),
        ({"staff_jwks": "/nowhere/jwks.json", "staff_issuer": ISSUER}, "cannot be read"),
    ],
)
async def test_settings_that_cannot_be_safe_keep_the_api_from_starting(
    place: Place, changes: dict[str, str], why: str
) -> None:
    with pytest.raises(SettingsError, match=why):
        async with asking(place, "gateway", **changes):
            pass


def test_the_claims_are_those_of_the_table() -> None:
    assert set(claims()) == {"iss", "aud", "sub", "shop", "role", "iat", "exp"}
