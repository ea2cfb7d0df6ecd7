"""What an order's status, in whatever language, means for whether it counts."""

from __future__ import annotations

from enum import Enum

from mandegar.importing.headings import heading_key


class Standing(Enum):
    """Whether an order counts."""

    COUNTS = "counts"
    VOID = "counts for nothing"
    REFUNDED = "given back"


_VOID = (
    *("cancelled", "canceled", "voided", "void", "failed", "declined", "trash", "expired", "abandoned", "unpaid"),
    *("pending payment", "awaiting payment", "checkout draft", "auto draft", "draft", "incomplete"),
    *("wc-cancelled", "wc-failed", "wc-pending", "wc-checkout-draft", "wc-trash"),
    *("لغو شده", "لغو", "ناموفق", "در انتظار پرداخت", "پرداخت نشده", "منقضی شده", "پیش نویس"),
    *("ملغي", "ملغى", "ملغاة", "فشل", "بانتظار الدفع", "غير مدفوع"),
)
_REFUNDED = ("refunded", "wc-refunded", "fully refunded", "مرجوع شده", "مرجوعی", "مسترد شده", "مسترد", "مرتجع")
_STANDINGS = {heading_key(text): Standing.VOID for text in _VOID} | {
    heading_key(text): Standing.REFUNDED for text in _REFUNDED
}


def standing_of(status: str) -> Standing:
    """Every status counts that is not known to mean otherwise, as an empty one does."""
    return _STANDINGS.get(heading_key(status), Standing.COUNTS)
