"""Which heading is which field: names that exports of shops use, in English, Persian and Arabic."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from shared.kernel import fold

# What each field is called, the usual name first. Compared without case, digits' and letters' variants, blanks, signs.
_USUAL: dict[str, tuple[str, ...]] = {
    "order_id": (
        *("order id", "order number", "order no", "order", "increment id", "invoice number", "invoice", "id"),
        *("شماره سفارش", "کد سفارش", "شناسه سفارش", "سفارش", "شماره فاکتور", "فاکتور", "شناسه"),
        *("رقم الطلب", "معرف الطلب", "الطلب", "رقم الفاتورة"),
    ),
    "occurred_at": (
        *("occurred at", "completed at", "paid at", "order date", "purchase date", "purchased on", "created at"),
        *("date created", "date paid", "date", "timestamp", "time"),
        *("تاریخ سفارش", "تاریخ خرید", "تاریخ ثبت", "تاریخ پرداخت", "تاریخ ایجاد", "تاریخ", "زمان"),
        *("تاريخ الطلب", "تاريخ الشراء", "تاريخ الدفع", "تاريخ الإنشاء", "التاريخ", "الوقت"),
    ),
    "amount": (
        *("amount", "revenue", "net amount", "net total", "order amount", "sum", "price"),
        *("مبلغ", "مبلغ سفارش", "مبلغ خرید", "مبلغ خالص", "قیمت"),
        *("المبلغ", "مبلغ الطلب", "قيمة الطلب", "المبلغ الصافي"),
    ),
    "subtotal": ("subtotal", "order subtotal", "جمع جزء", "جمع اقلام", "المجموع الفرعي"),
    "total": (
        *("total", "order total", "grand total", "grand total base", "order total amount"),
        *("جمع کل", "مبلغ کل", "مجموع", "مبلغ نهایی", "مبلغ پرداختی", "الإجمالي", "المجموع", "المجموع الكلي"),
    ),
    "tax": ("tax", "taxes", "total tax", "vat", "order tax", "مالیات", "مالیات بر ارزش افزوده", "الضريبة", "ضريبة"),
    "shipping": (
        *("shipping", "shipping total", "shipping cost", "order shipping", "delivery"),
        *("هزینه ارسال", "حمل و نقل", "ارسال", "الشحن", "تكلفة الشحن", "رسوم التوصيل"),
    ),
    "discount": (
        "discount",
        "discount amount",
        "order discount",
        "cart discount",
        "تخفیف",
        "مبلغ تخفیف",
        "الخصم",
        "خصم",
    ),
    "currency": ("currency", "currency code", "order currency", "ارز", "واحد پول", "واحد", "العملة", "عملة"),
    "coupon": ("coupon", "coupon code", "discount code", "coupons", "کد تخفیف", "کوپن", "رمز القسيمة", "كود الخصم"),
    "customer_id": (
        *("customer id", "customer", "user id", "client id", "buyer id", "member id"),
        *("شناسه مشتری", "کد مشتری", "شماره مشتری", "مشتری", "کد کاربر", "معرف العميل", "رقم العميل", "العميل"),
    ),
    "phone": (
        *("phone", "mobile", "billing phone", "phone number", "mobile number", "telephone", "customer phone"),
        *("موبایل", "تلفن همراه", "شماره موبایل", "شماره تماس", "تلفن", "همراه"),
        *("الجوال", "رقم الجوال", "الهاتف", "رقم الهاتف", "هاتف", "موبايل"),
    ),
    "email": (
        *("email", "e mail", "customer email", "billing email", "email address"),
        *("ایمیل", "پست الکترونیک", "رایانامه", "البريد الإلكتروني", "البريد", "الايميل"),
    ),
    "name": (
        *("customer name", "full name", "billing name", "bill to name", "name", "client name"),
        *("نام مشتری", "نام و نام خانوادگی", "نام خریدار", "نام", "اسم العميل", "الاسم", "اسم"),
    ),
    "status": ("status", "order status", "financial status", "وضعیت", "وضعیت سفارش", "الحالة", "حالة الطلب"),
    "refund_amount": (
        *("refund amount", "refunded amount", "refunded", "total refunded", "amount refunded"),
        *("مبلغ مرجوعی", "مبلغ برگشتی", "مبلغ بازگشتی", "المبلغ المسترد", "المسترد"),
    ),
    "line_sku": ("lineitem sku", "line sku", "item sku", "sku", "کد کالا", "شناسه محصول", "رمز المنتج"),
    "line_name": ("lineitem name", "line name", "item name", "product name", "نام محصول", "نام کالا", "اسم المنتج"),
    "line_quantity": ("lineitem quantity", "line quantity", "item quantity", "quantity", "qty", "تعداد", "الكمية"),
    "line_price": ("lineitem price", "line price", "item price", "unit price", "قیمت واحد", "سعر الوحدة"),
}
FIELDS = tuple(_USUAL)
AMOUNTS = ("amount", "subtotal", "total", "tax", "shipping", "discount", "refund_amount", "line_price")
WORTH = ("amount", "subtotal", "total")
"""One of these must be there."""
LINES = ("line_sku", "line_name", "line_quantity", "line_price")

_SIGNS = re.compile(r"[^\w]|_")
# Letters that one language writes in several ways and that tell no two headings apart.
_ALIKE = str.maketrans("أإآٱةؤئ", "ااااهوی")
_SHOPIFY = ("name", "lineitemname")


def heading_key(heading: str) -> str:
    """A heading as it is compared: without case, blanks and signs, one form for each letter and digit."""
    return _SIGNS.sub("", fold(heading).translate(_ALIKE))


_KEYS = {field: tuple(heading_key(name) for name in names) for field, names in _USUAL.items()}


def propose(header: Sequence[str], named: Mapping[str, str]) -> dict[str, str]:
    """Field → heading: what was `named`, and for the other fields headings of usual names, none of them twice.

    A heading that stands in the file twice is proposed for nothing.
    """
    keys = [heading_key(heading) for heading in header]
    taken = {heading_key(heading) for heading in named.values()}
    found = dict(named)
    usual = dict(_KEYS)
    if all(key in keys for key in _SHOPIFY):  # Shopify's own export calls the order's number "Name"
        usual["order_id"] = ("name", *usual["order_id"])
        usual["name"] = tuple(key for key in usual["name"] if key != "name")
    for field, names in usual.items():
        if field in found:
            continue
        fitting = [key for key in names if keys.count(key) == 1 and key not in taken]
        if fitting:
            found[field] = header[keys.index(fitting[0])]
            taken.add(fitting[0])
    return found
