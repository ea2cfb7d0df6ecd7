"""The preference centre as HTML, in English, Persian and Arabic: no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from jinja2 import Environment, StrictUndefined

from services.campaigns.consent.domain import EVERY_PURPOSE, Word

_TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Your messages",
        "stop": "Stop all messages of this channel",
        "stopped": "Done. You get no more messages of this channel.",
        "save": "Save",
        "saved": "Saved.",
        "none": "You have agreed to no messages.",
        "gone": "This link has expired. Use the one in a newer message.",
        "email": "E-mail",
        "sms": "Text message",
    },
    "fa": {
        "title": "پیام‌های شما",
        "stop": "لغو همهٔ پیام‌های این کانال",
        "stopped": "انجام شد. از این کانال دیگر پیامی نمی‌گیرید.",
        "save": "ذخیره",
        "saved": "ذخیره شد.",
        "none": "شما با دریافت هیچ پیامی موافقت نکرده‌اید.",
        "gone": "این پیوند منقضی شده است. از پیوند پیام تازه‌تری استفاده کنید.",
        "email": "ایمیل",
        "sms": "پیامک",
    },
    "ar": {
        "title": "رسائلك",
        "stop": "إيقاف كل رسائل هذه القناة",
        "stopped": "تم. لن تصلك رسائل أخرى من هذه القناة.",
        "save": "حفظ",
        "saved": "تم الحفظ.",
        "none": "لم توافق على أي رسائل.",
        "gone": "انتهت صلاحية هذا الرابط. استخدم الرابط في رسالة أحدث.",
        "email": "البريد الإلكتروني",
        "sms": "رسالة نصية",
    },
}
_RIGHT_TO_LEFT = frozenset({"fa", "ar"})
_PAGE = """<!doctype html>
<html lang="{{ locale }}" dir="{{ dir }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{ text.title }} · {{ shop }}</title>
<style>
body { font: 1.05rem/1.6 system-ui, sans-serif; max-inline-size: 32rem; margin: 2rem auto; padding-inline: 1rem }
fieldset { border: 1px solid #8885; border-radius: .5rem; margin-block: 1rem }
label { display: block; padding-block: .3rem }
button { font: inherit; padding: .5rem 1.2rem }
</style>
</head>
<body>
<main>
<h1>{{ shop }}</h1>
{% if note %}<p role="status">{{ text[note] }}</p>{% endif %}
{% if groups %}
<form method="post" action="{{ preferences }}">
{% for channel, purposes in groups %}
<fieldset><legend>{{ text[channel] or channel }}</legend>
{% for purpose, given in purposes %}
<label><input type="checkbox" name="on" value="{{ channel }}/{{ purpose }}"{% if given %} checked{% endif %}> \
{{ purpose }}</label>
<input type="hidden" name="shown" value="{{ channel }}/{{ purpose }}">
{% endfor %}
</fieldset>
{% endfor %}
<button>{{ text.save }}</button>
</form>
{% elif not note %}<p>{{ text.none }}</p>{% endif %}
{% if unsubscribe %}
<form method="post" action="{{ unsubscribe }}">
<button>{{ text.stop }}</button>
</form>
{% endif %}
</main>
</body>
</html>
"""


class Address(NamedTuple):
    """Where the forms of a page go; empty: the page has none."""

    preferences: str = ""
    unsubscribe: str = ""


def page(shop: str, locale: str, words: Mapping[tuple[str, str], Word], to: Address, note: str = "") -> str:
    """The page of a person. `words`: what holds. `note`: a word of the texts that is told."""
    language = locale.partition("-")[0].lower()
    language = language if language in _TEXTS else "en"
    groups: dict[str, list[tuple[str, bool]]] = {}
    for (channel, purpose), word in sorted(words.items()):
        if purpose != EVERY_PURPOSE:
            groups.setdefault(channel, []).append((purpose, word.state == "given"))
    shown: dict[str, Any] = {
        "locale": language,
        "dir": "rtl" if language in _RIGHT_TO_LEFT else "ltr",
        "text": {**dict.fromkeys(groups, ""), **_TEXTS[language]},
        "shop": shop,
        "groups": list(groups.items()) if to.preferences else [],
        "note": note,
        **to._asdict(),
    }
    return str(_template().render(shown))


@cache
def _template() -> Any:
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(_PAGE)
