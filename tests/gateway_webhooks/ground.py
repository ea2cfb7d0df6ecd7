"""Ground for the tests of webhooks: payloads in the shop systems' own shapes, signed as they sign."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

_PAYLOADS = Path(__file__).parent / "payloads"
SHOPIFY_SECRET = "hush-2f7c1a9be4d0583c"
WOO_SECRET = "4b7e0c91d2a8f365-woo"


def payload(name: str, /, **changes: Any) -> dict[str, Any]:
    """A payload with other values; what is given as a dictionary changes members of the one that is there."""
    found: dict[str, Any] = json.loads((_PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    for key, value in changes.items():
        old = found.get(key)
        found[key] = old | value if isinstance(old, dict) and isinstance(value, dict) else copy.deepcopy(value)
    return found


def body_of(said: Any) -> bytes:
    return said if isinstance(said, bytes) else json.dumps(said, ensure_ascii=False).encode()


def signature(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def headers(vendor: str, topic: str, body: bytes, secret: str, **more: str) -> dict[str, str]:
    """Headers as the shop system sends them, in lower case."""
    if vendor == "shopify":
        own = {
            "x-shopify-topic": topic,
            "x-shopify-hmac-sha256": signature(body, secret),
            "x-shopify-shop-domain": "laleh.example",
            "x-shopify-event-id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
            "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
            "x-shopify-api-version": "2025-01",
        }
    else:
        own = {
            "x-wc-webhook-topic": topic,
            "x-wc-webhook-signature": signature(body, secret),
            "x-wc-webhook-source": "https://shop.example/",
            "x-wc-webhook-delivery-id": "36e520ebabc2fa725092ff4a47acedf2",
            "x-wc-webhook-id": "3",
        }
    return {"content-type": "application/json"} | own | {name.replace("_", "-"): value for name, value in more.items()}
