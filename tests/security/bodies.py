"""Bodies that routes take, longer than a row of theirs."""

from __future__ import annotations

from typing import Any

from tests.security.ground import OWN, customer_of

EVENT = {"messageId": "m-1", "userId": "77", "event": "Page Read", "properties": {}}
CALLS: dict[str, dict[str, Any]] = {
    "track": EVENT,
    "identify": {"messageId": "m-2", "userId": "77", "traits": {}},
    "page": {"messageId": "m-3", "userId": "77", "name": "Home"},
    "screen": {"messageId": "m-4", "userId": "77", "name": "Home"},
    "group": {"messageId": "m-5", "userId": "77", "groupId": "g"},
    "alias": {"messageId": "m-6", "userId": "77", "previousId": "76"},
}
CLOUD = {
    "specversion": "1.0",
    "id": "evt-1",
    "source": "backend",
    "type": "Page Read",
    "time": "2026-03-21T10:15:00Z",
    "data": {"customer_id": "77"},
}


CONSENT = {
    "customer": customer_of(OWN),
    "channel": "email",
    "purpose": "newsletter",
    "state": "given",
    "occurred_at": "2025-06-01T00:00:00Z",
    "source": "checkout",
}
BROWSER = {
    "customer": customer_of(OWN),
    "endpoint": "https://push.example.com/send/dHJ5",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}
