"""Templates show fields and compute nothing; names are escaped; digits and dates are the reader's."""

from __future__ import annotations

import re
from typing import Any

import pytest

from services.campaigns.templates import Template, Text, Trouble, chosen
from services.campaigns.templates.formatting import Formats
from services.campaigns.templates.mailing import html_of
from services.campaigns.templates.rendering import OUTPUT_CHARACTERS_MAX, faults, write

LINK = '<mj-text><a href="{{ unsubscribe_url }}">stop</a></mj-text>'
FIELDS: dict[str, Any] = {
    "customer": {"name": "Sara <b>\r\nBcc: all@example.com", "points": 1_234, "tier": None},
    "values": {"products": [{"name": "Tea & more", "price": 1_250_000}], "due": "2026-03-21"},
    "unsubscribe_url": "https://m.example.com/u/1?a=1&b=2",
}


def mjml(body: str) -> str:
    return f"<mjml><mj-body><mj-section><mj-column>{body}</mj-column></mj-section></mj-body></mjml>"


def template(subject: str = "Hello", body: str = LINK, text: str = "Hello") -> Template:
    return Template(texts={"en": Text(subject=subject, mjml=mjml(body), text=text)})


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 10 ** 9 }}",
        "{{ customer.name() }}",
        "{{ ''['__class__'] }}",
        "{% for one in 'abc' %}{% endfor %}",
        "{% for one in values.products recursive %}{% endfor %}",
        "{% set name = 1 %}",
        "{% include 'other' %}",
        "{% macro name() %}{% endmacro %}",
        "{{ customer.name|upper }}",
        "{{ customer.name",
        "{% for a in values.x %}{% for b in values.x %}{% for c in values.x %}{% endfor %}{% endfor %}{% endfor %}",
        "x" * 64_001,
    ],
)
def test_what_computes_or_reaches_elsewhere_is_refused(source: str) -> None:
    assert next(fault.where for fault in faults(template(text=source))) == "texts.en.text"


def test_a_template_that_shows_fields_conditions_and_lists_is_taken() -> None:
    body = "{% for one in values.products %}<mj-text>{{ one.name }}</mj-text>{% endfor %}" + LINK
    text = "{% if customer.points and customer.points > 10 %}{{ customer.points|number }}{% else %}none{% endif %}"
    assert faults(template("{{ customer.name|default('friend') }}", body, text)) == []
    assert [fault.what for fault in faults(template(body="<mj-text>Hi</mj-text>"))] == [
        "must show {{ unsubscribe_url }}, as a link"
    ]


def test_names_are_escaped_and_begin_no_header() -> None:
    found = write(template("To {{ customer.name }}", "<mj-text>{{ customer.name }}</mj-text>" + LINK), "en", FIELDS)
    assert found.subject == "To Sara <b> Bcc: all@example.com"
    html = html_of(found.mjml)
    assert "Sara &lt;b&gt;" in html and "<b>" not in html and 'href="https://m.example.com/u/1?a=1&amp;b=2"' in html


@pytest.mark.parametrize("source", ["{{ customer.__class__ }}", "{{ customer.items }}", "{{ nobody.name }}"])
def test_what_is_no_field_ends_the_writing_without_a_value_in_the_message(source: str) -> None:
    with pytest.raises(Trouble) as caught:
        write(template(source), "en", FIELDS)
    assert "Sara" not in str(caught.value)


def test_output_is_cut_off_at_a_size() -> None:
    rows = [{"name": "x" * 2_000}] * 50
    long = "{% for a in values.rows %}{% for b in values.rows %}{{ b.name }}{% endfor %}{% endfor %}"
    assert faults(template(text=long)) == [] and OUTPUT_CHARACTERS_MAX < 50 * 50 * 2_000
    with pytest.raises(Trouble, match="too long"):
        write(template(text=long), "en", {"values": {"rows": rows}, **FIELDS} | {"values": {"rows": rows}})


@pytest.mark.parametrize(
    ("locale", "number", "money", "date", "direction"),
    [
        ("en-GB", "12,345", "-12.05 USD", "2026-03-21", "ltr"),
        ("fa-IR", "۱۲٬۳۴۵", "-۱۲٫۰۵ USD", "۱۴۰۵/۰۱/۰۱", "rtl"),
        ("ar", "١٢٬٣٤٥", "-١٢٫٠٥ USD", "٢٠٢٦-٠٣-٢١", "rtl"),
    ],
)
def test_digits_dates_and_direction_are_the_readers(
    locale: str, number: str, money: str, date: str, direction: str
) -> None:
    formats = Formats(locale)
    assert (formats.number(12_345), formats.money(-1_205, "USD")) == (number, money)
    assert (formats.date("2026-03-21"), formats.date("2026-03-21T23:30:00+03:30")) == (date, date)
    assert formats.direction == direction
    assert formats.money(1_500, "IRR").endswith(" IRR") and len(formats.money(1_500, "IRR")) == len("1,500 IRR")


def test_the_nearest_language_is_chosen() -> None:
    text = Text(subject="Hi", mjml="<mjml>", text="Hi")
    made = Template(texts={"en": text, "fa": text, "pt-BR": text})
    assert [chosen(made, wanted) for wanted in (["fa-IR"], ["de", "fa"], ["pt_BR"], ["de"], [])] == [
        *("fa", "fa", "pt-BR", "en", "en")
    ]


def test_what_is_no_mjml_is_told() -> None:
    with pytest.raises(Trouble, match="no MJML"):
        html_of("<mjml><nothing></mjml>")
    with pytest.raises(Trouble):
        html_of("<mjml><mj-body><mj-include path='/etc/hostname' /></mj-body></mjml>")


@pytest.mark.parametrize("fonts", ["", ' font-family="Ubuntu, Tahoma"'])
def test_a_letter_loads_nothing_from_anywhere_when_it_is_opened(fonts: str) -> None:
    html = html_of(mjml(f"<mj-text{fonts}>Hello</mj-text>"))
    links = set(re.findall(r"(?:href|src|url)\W+(https?:[^\"')]+)", html))
    assert links == set()
