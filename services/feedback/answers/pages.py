"""A survey as HTML, in the language it is asked in, with words of its own in English, Persian and Arabic.

No script, nothing from elsewhere. Every question is a fieldset with a legend, or a field with a label; what is wrong is
said at its question and told first to those who hear the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple

from jinja2 import Environment, StrictUndefined

from services.feedback.answers.domain import FIELD, Given, Why
from services.feedback.surveys import Choice, Scale, Survey, chosen, language_of

Note = Literal["thanks", "answered", "dismissed", "expired", "gone", "saved"]
_TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "send": "Send",
        "save": "Save and go on later",
        "dismiss": "I would rather not answer",
        "required": "required",
        "wrong": "Please choose one of the answers.",
        "missing": "Please answer this question.",
        "long": "This is too long.",
        "look": "Some answers are missing.",
        "thanks": "Thank you. Your answer has arrived.",
        "answered": "You have answered already. Thank you.",
        "dismissed": "All right. We will not ask this again.",
        "expired": "This survey is over.",
        "gone": "This link leads nowhere. Use the one in a newer message.",
        "saved": "Saved. You can go on by the same link.",
        "survey": "Survey",
        "several": "You may choose several.",
    },
    "fa": {
        "send": "ارسال",
        "save": "ذخیره و ادامه در زمانی دیگر",
        "dismiss": "ترجیح می‌دهم پاسخ ندهم",
        "required": "لازم",
        "wrong": "لطفاً یکی از پاسخ‌ها را انتخاب کنید.",
        "missing": "لطفاً به این پرسش پاسخ دهید.",
        "long": "این متن بیش از حد بلند است.",
        "look": "برخی پاسخ‌ها کم است.",
        "thanks": "سپاسگزاریم. پاسخ شما رسید.",
        "answered": "شما پیش‌تر پاسخ داده‌اید. سپاسگزاریم.",
        "dismissed": "بسیار خوب. این را دوباره نمی‌پرسیم.",
        "expired": "این نظرسنجی پایان یافته است.",
        "gone": "این پیوند به جایی نمی‌رسد. از پیوند پیام تازه‌تری استفاده کنید.",
        "saved": "ذخیره شد. می‌توانید با همین پیوند ادامه دهید.",
        "survey": "نظرسنجی",
        "several": "می‌توانید چند گزینه را انتخاب کنید.",
    },
    "ar": {
        "send": "إرسال",
        "save": "حفظ والمتابعة لاحقًا",
        "dismiss": "أفضّل عدم الإجابة",
        "required": "مطلوب",
        "wrong": "يرجى اختيار إحدى الإجابات.",
        "missing": "يرجى الإجابة عن هذا السؤال.",
        "long": "هذا النص طويل جدًا.",
        "look": "بعض الإجابات ناقصة.",
        "thanks": "شكرًا لك. وصلت إجابتك.",
        "answered": "لقد أجبت من قبل. شكرًا لك.",
        "dismissed": "حسنًا. لن نسألك هذا مرة أخرى.",
        "expired": "انتهى هذا الاستبيان.",
        "gone": "هذا الرابط لا يؤدي إلى شيء. استخدم الرابط في رسالة أحدث.",
        "saved": "تم الحفظ. يمكنك المتابعة من الرابط نفسه.",
        "survey": "استبيان",
        "several": "يمكنك اختيار أكثر من إجابة.",
    },
}
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "ckb"})
_DIGITS = {"fa": str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"), "ar": str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")}
_PAGE = """<!doctype html>
<html lang="{{ locale }}" dir="{{ dir }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{ title }} · {{ shop }}</title>
<style>
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fff; --line: #6b6b6b; --accent: #0b57d0; --bad: #b3261e }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eee; --paper: #161616; --line: #9a9a9a; --accent: #9cc3ff; --bad: #ffb4ab }
}
body { font: 1.05rem/1.6 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-inline-size: 34rem; margin: 1.5rem auto; padding-inline: 1rem }
h1 { font-size: 1.4rem; line-height: 1.3 }
fieldset { border: 1px solid var(--line); border-radius: .5rem; margin: 1.2rem 0; padding: .6rem .9rem;
  min-inline-size: 0 }
legend { font-weight: 600; padding-inline: .3rem }
.scale { display: flex; flex-wrap: wrap; gap: .4rem }
.scale label, .option { display: inline-flex; align-items: center; gap: .4rem; min-block-size: 2.75rem;
  min-inline-size: 2.75rem; padding-inline: .5rem; border: 1px solid var(--line); border-radius: .5rem;
  cursor: pointer }
.option { display: flex; margin-block: .4rem }
.ends { display: flex; justify-content: space-between; gap: 1rem; font-size: .95rem }
input { inline-size: 1.2rem; block-size: 1.2rem; accent-color: var(--accent) }
textarea { font: inherit; color: inherit; background: inherit; inline-size: 100%; box-sizing: border-box;
  border: 1px solid var(--line); border-radius: .4rem; padding: .5rem }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.bad { color: var(--bad); font-weight: 600 }
button { font: inherit; min-block-size: 2.75rem; padding: .5rem 1.4rem; border-radius: .5rem;
  border: 1px solid var(--line); background: var(--paper); color: var(--ink); cursor: pointer }
button.first { background: var(--accent); color: var(--paper); border-color: var(--accent); font-weight: 600 }
.buttons { display: flex; flex-wrap: wrap; gap: .6rem; margin-block: 1.2rem }
</style>
</head>
<body>
<main>
<p>{{ shop }}</p>
<h1>{{ title }}</h1>
{% if note %}<p role="status">{{ note }}</p>{% endif %}
{% if faults %}<p role="alert" class="bad">{{ text.look }}</p>{% endif %}
{% if action %}
<form method="post" action="{{ action }}">
{% for one in questions %}
<fieldset{% if one.fault %} aria-describedby="bad-{{ loop.index }}"{% endif %}>
<legend{% if one.kind == "open" %} id="l-{{ loop.index }}"{% endif %}>{{ one.text }}\
{% if one.required %} <small>({{ text.required }})</small>{% endif %}</legend>
{% if one.fault %}<p class="bad" id="bad-{{ loop.index }}">{{ one.fault }}</p>{% endif %}
{% if one.kind == "scale" %}
<div class="scale">
{% for step in one.steps %}
<label><input type="radio" name="{{ one.name }}" value="{{ step.value }}"{% if step.on %} checked{% endif %}\
{% if one.required %} required{% endif %}>{{ step.shown }}</label>
{% endfor %}
</div>
{% if one.low or one.high %}<p class="ends"><span>{{ one.low }}</span><span>{{ one.high }}</span></p>{% endif %}
{% elif one.kind == "choice" %}
{% if one.several %}<p>{{ text.several }}</p>{% endif %}
{% for option in one.options %}
<label class="option"><input type="{{ 'checkbox' if one.several else 'radio' }}" name="{{ one.name }}" \
value="{{ option.value }}"{% if option.on %} checked{% endif %}>{{ option.shown }}</label>
{% endfor %}
{% else %}
<textarea name="{{ one.name }}" rows="4" maxlength="{{ one.most }}" aria-labelledby="l-{{ loop.index }}" \
dir="auto"{% if one.required %} required{% endif %}>{{ one.value }}</textarea>
{% endif %}
</fieldset>
{% endfor %}
<div class="buttons">
<button class="first" name="do" value="send">{{ text.send }}</button>
{% if questions|length > 1 %}<button name="do" value="save" formnovalidate>{{ text.save }}</button>{% endif %}
<button name="do" value="dismiss" formnovalidate>{{ text.dismiss }}</button>
</div>
</form>
{% if languages %}<p lang="">{% for name, link in languages %}<a href="{{ link }}" hreflang="{{ name }}" \
lang="{{ name }}">{{ name }}</a> {% endfor %}</p>{% endif %}
{% endif %}
</main>
</body>
</html>
"""


class Shown(NamedTuple):
    """A survey that somebody may answer, and what they have answered so far."""

    survey: Survey
    given: Given = Given()
    faults: Mapping[str, Why] = {}


def page(shop: str, wanted: Sequence[str], shown: Shown, action: str, note: Note | None = None) -> str:
    """The page with its form. `wanted`: languages, the best first. `action`: where the form goes."""
    survey = shown.survey
    locale = language_of(survey.title, wanted)
    text = _texts(locale)
    others = [one for one in survey.languages if one != locale]
    return _written(
        locale,
        shop,
        title=survey.title[locale],
        note="" if note is None else text[note],
        faults=bool(shown.faults),
        action=f"{action}?lang={locale}",
        questions=[_question(one, locale, shown) for one in survey.questions],
        languages=[(one, f"{action}?lang={one}") for one in others],
    )


def told(shop: str, wanted: Sequence[str], note: Note, survey: Survey | None = None) -> str:
    """A page that says something and asks nothing."""
    locale = language_of(survey.title if survey else dict.fromkeys(_TEXTS, ""), wanted)
    text = _texts(locale)
    said = text[note]
    if note == "thanks" and survey is not None and survey.thanks:
        said = chosen(survey.thanks, [locale])
    title = text["survey"] if survey is None else survey.title[locale]
    return _written(locale, shop, title=title, note=said, faults=False, action="", questions=[], languages=[])


def _question(question: Any, locale: str, shown: Shown) -> dict[str, Any]:
    fault = shown.faults.get(question.id)
    made: dict[str, Any] = {
        "name": FIELD + question.id,
        "text": chosen(question.text, [locale]),
        "required": question.required,
        "fault": "" if fault is None else _texts(locale)[fault],
    }
    if isinstance(question, Scale):
        given = shown.given.numbers.get(question.id)
        steps = [
            {"value": step, "shown": _digits(step, locale), "on": step == given}
            for step in range(question.low, question.high + 1)
        ]
        ends = {"low": chosen(question.low_text, [locale]), "high": chosen(question.high_text, [locale])}
        return made | ends | {"kind": "scale", "steps": steps}
    if isinstance(question, Choice):
        had = shown.given.choices.get(question.id, [])
        options = [
            {"value": one.id, "shown": chosen(one.text, [locale]), "on": one.id in had} for one in question.options
        ]
        return made | {"kind": "choice", "several": question.several, "options": options}
    value = shown.given.texts.get(question.id, "")
    return made | {"kind": "open", "value": value, "most": question.length_max}


def _written(locale: str, shop: str, **fields: Any) -> str:
    language = locale.partition("-")[0].lower()
    direction = "rtl" if language in _RIGHT_TO_LEFT else "ltr"
    return str(_template().render(locale=locale, dir=direction, shop=shop, text=_texts(locale), **fields))


def _texts(locale: str) -> Mapping[str, str]:
    return _TEXTS.get(locale.partition("-")[0].lower(), _TEXTS["en"])


def _digits(number: int, locale: str) -> str:
    return str(number).translate(_DIGITS.get(locale.partition("-")[0].lower(), {}))


@cache
def _template() -> Any:
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(_PAGE)
