"""Of gateway: whom it must not know any more, and what was said last."""

from __future__ import annotations

from tests.sabotage.removing import Edit, Safeguard

GATEWAY = (
    Safeguard(
        "who was erased is not locked",
        (Edit("services/gateway/identity/store/reading.py", "WHERE c.erasure IS NULL\n", "WHERE true\n"),),
        ("tests/privacy/test_erasing.py",),
    ),
    Safeguard(
        "the last statement holds",
        (
            Edit(
                "services/gateway/consents/domain.py",
                "if key not in found or _order(one) > _order(found[key]):",
                "if True:",
            ),
        ),
        ("tests/privacy/test_consents.py",),
    ),
)
