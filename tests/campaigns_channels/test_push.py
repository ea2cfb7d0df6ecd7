"""Push: encrypted for one browser as the RFC's own example says, signed for one push service, forgotten once gone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDH, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.jwk import ECKey

from services.campaigns.messages.outside.encryption import encrypted, padless, point, private_key, unpadded
from shared.testing import Databases
from tests.campaigns_channels.ground import AUTH, BROWSER, CASES, NOW, VAPID, a_ground
from tests.campaigns_messages.ground import asked

PUSH = CASES["push"]


def opened(body: bytes) -> Any:
    """What the browser of the ground reads."""
    salt, size, public, sealed = body[:16], body[20], body[21:86], body[86:]
    assert size == 65
    shared = BROWSER.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), public))
    info = b"WebPush: info\0" + point(BROWSER.public_key()) + public
    material = HKDF(SHA256(), 32, salt=AUTH, info=info).derive(shared)
    key = HKDF(SHA256(), 16, salt=salt, info=b"Content-Encoding: aes128gcm\0").derive(material)
    nonce = HKDF(SHA256(), 12, salt=salt, info=b"Content-Encoding: nonce\0").derive(material)
    return msgspec.json.decode(AESGCM(key).decrypt(nonce, sealed, None).removesuffix(b"\x02"))


def test_the_example_of_rfc_8291_comes_out_byte_for_byte() -> None:
    """Appendix A: its keys, its salt, its message."""
    body = encrypted(
        b"When I grow up, I want to be a watermelon",
        unpadded("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        unpadded("BTBZMqHH6r4Tts7J_aSIgg"),
        own=private_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
        random_bytes=lambda _: unpadded("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert padless(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_what_is_no_point_of_the_curve_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        encrypted(b"x", b"\x04" + b"\x01" * 64, AUTH)


@pytest.mark.stack
async def test_a_browser_reads_its_message_and_the_push_service_knows_who_sent_it(databases: Databases) -> None:
    async with a_ground(databases, PUSH) as ground:
        await ground.meet(1, locale="fa")
        await ground.ask(asked(1, channel="push"))
        await ground.send()
        (call,) = ground.provider.asked
        (message,) = await ground.ids()
        said = opened(call.body)
        assert said == {
            "title": "سلام",
            "body": "Sara 1",
            "url": "https://laleh.example/7",
            "tag": message,
            "lang": "fa",
        }
        scheme, _, rest = call.headers["authorization"].partition(" ")
        token, _, key = rest.removeprefix("t=").partition(", k=")
        public = point(VAPID.public_key())
        assert (scheme, unpadded(key)) == ("vapid", public)
        jwk = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": padless(public[1:33]), "y": padless(public[33:])})
        claims = jwt.decode(token, jwk, algorithms=["ES256"]).claims
        assert (claims["aud"], claims["sub"]) == (ground.provider.base, "mailto:ops@laleh.example")
        assert 0 < claims["exp"] - NOW.timestamp() < 86_400
        assert (call.headers["content-encoding"], len(call.headers["topic"])) == ("aes128gcm", 32)
        assert 86_000 < int(call.headers["ttl"]) <= 86_400


@pytest.mark.stack
async def test_a_browser_that_is_gone_is_forgotten_and_the_others_have_the_message(databases: Databases) -> None:
    async with a_ground(databases, PUSH) as ground:
        await ground.meet(1)
        await ground.register(1, "second")
        ground.provider.vendor.refused = _gone  # type: ignore[method-assign]  # this one's answer alone
        ground.provider.script = ["refuse"]
        await ground.ask(asked(1, channel="push"))
        await ground.send()
        assert await ground.states() == {"sent": 1} and len(ground.provider.asked) == 2
        assert await ground.worker.pool.fetchval("SELECT count(*) FROM browser") == 1
        ground.provider.script = ["refuse"]
        await ground.ask(asked(1, "o-2", channel="push"))
        await ground.send()
        assert await ground.states() == {"sent": 1, "failed gone": 1}
        await ground.ask(asked(1, "o-3", channel="push"))
        await ground.send()
        assert await ground.states() == {"sent": 1, "failed gone": 1, "suppressed no_contact": 1}


def _gone() -> Any:
    from starlette.responses import Response

    return Response(status_code=410)
