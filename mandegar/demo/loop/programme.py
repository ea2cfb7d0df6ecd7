"""What the shop of the loop has set up: points, a journey for who lapses, a survey after delivery, their templates."""

from __future__ import annotations

from typing import Any

SURVEY, JOURNEY, PURPOSE = "nps-after-delivery", "come-back", "marketing"
LAPSING_DAYS = 30
POINTS_PER_ORDER = 48
PROGRAMME: dict[str, Any] = {
    "name": "A point a euro",
    "currency": "EUR",
    "rules": [{"id": "spend", "name": "Purchases", "earn": {"kind": "rate", "points": 1, "per": 100}}],
    "joining": ["first_order"],
}
COMING_BACK: dict[str, Any] = {
    "name": "Come back",
    "trigger": {"kind": "event", "event": "customer.lapsing"},
    "reentry": {"kind": "after_end"},
    "goal": [{"event": "order.completed"}],
    "steps": [
        {"kind": "send", "id": "miss", "channel": "email", "template": "lapsing-miss", "purpose": PURPOSE},
        {"kind": "wait", "id": "week", "minutes": 7 * 24 * 60},
        {"kind": "send", "id": "again", "channel": "email", "template": "lapsing-again", "purpose": PURPOSE},
    ],
}
"""The ready-made journey for who lapses, without its wait for the morning and without a control group."""
_TITLES = {"en": "How was it?", "fa": "چطور بود؟", "ar": "كيف كانت تجربتك؟"}
_HELLO = {"en": "Hello", "fa": "سلام", "ar": "مرحبًا"}
_STOP = {"en": "No more of these", "fa": "لغو", "ar": "إلغاء الاشتراك"}
_SECTION = "<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>"


def survey_template() -> dict[str, Any]:
    """The message that asks: each score is a link, which the page has confirmed before it counts."""
    texts = {}
    for language, title in _TITLES.items():
        hello = f"{_HELLO[language]} {{{{ customer.name|default('') }}}}"
        scores = (
            "{% for one in values.scores %}"
            '<a href="{{ one.link }}" style="padding: 8px">{{ one.score|number }}</a> '
            "{% endfor %}"
        )
        body = [hello, scores, f'<a href="{{{{ unsubscribe_url }}}}">{_STOP[language]}</a>']
        texts[language] = {
            "subject": title,
            "mjml": f"<mjml><mj-body>{''.join(_SECTION.format(part) for part in body)}</mj-body></mjml>",
            "text": f"{hello}\n\n{title} {{{{ values.link }}}}\n\n{_STOP[language]}: {{{{ unsubscribe_url }}}}\n",
        }
    return {"id": "survey", "texts": texts}
