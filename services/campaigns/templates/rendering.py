"""Templates checked and written. Pure.

A template shows fields and repeats over short lists; it computes nothing. What it may hold is a short list of forms of
Jinja's syntax (`faults`), checked when it is published; jinja2's sandbox stands behind that, and output is cut off at a
size. So no template takes long or much memory, whoever wrote it: work is bounded by its nodes and by the lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2 import Template as Compiled
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.campaigns.templates.domain import Fault, Part, Template, Text, Trouble, Written
from services.campaigns.templates.formatting import Formats

SOURCE_BYTES_MAX = 64_000
OUTPUT_CHARACTERS_MAX = 256_000
NODES_MAX = 2_000
DEPTH_MAX = 2
_SMS_CHARACTERS_MAX = 2_000
_PUSH_BYTES_MAX = 2_000
"""Of 4,096 that a push service takes, encrypted."""
_OF_MAIL = ("subject", "mjml", "text")
_COMPILED_MAX = 200
"""Texts that are kept compiled: compiling one takes a hundred times as long as filling it in."""
PARTS = ("sms", "push", "task", "webhook")
FILTERS = ("number", "money", "date", "default")
_ALLOWED: tuple[type[nodes.Node], ...] = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Const, nodes.Filter),
    *(nodes.If, nodes.For, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
)


def faults(template: Template) -> list[Fault]:
    """What keeps a template from being published."""
    found = [] if template.texts else [Fault("texts", "a text in at least one language is needed")]
    for locale, text in sorted(template.texts.items()):
        where = f"texts.{locale}"
        given = [name for name in _OF_MAIL if getattr(text, name)]
        parts = [name for name in PARTS if getattr(text, name) is not None]
        if not given and not parts:
            found.append(Fault(where, "says nothing by any channel"))
        if given and len(given) < len(_OF_MAIL):
            found.append(Fault(where, "an e-mail needs subject, mjml and text"))
        if text.mjml and "unsubscribe_url" not in text.mjml:
            found.append(Fault(f"{where}.mjml", "must show {{ unsubscribe_url }}, as a link"))
        for name, source in _sources(text):
            found += [Fault(f"{where}.{name}", what) for what in _faults_of(source)]
    return found


def write_part(template: Template, locale: str, channel: str, fields: Mapping[str, Any]) -> Part:
    """What goes out by a channel other than e-mail, with its fields filled in. Raises Trouble."""
    part: Part = getattr(template.texts[locale], channel)
    formats = Formats(locale)
    filled: dict[str, Any] = {
        name: tuple(_filled(one, fields, formats, escaped=False).strip() for one in source)
        if isinstance(source, tuple)
        else _filled(source, fields, formats, escaped=False).strip()
        for name, source in msgspec.structs.asdict(part).items()
    }
    if "title" in filled:
        filled["title"] = " ".join(filled["title"].split())
    _judge_size(channel, filled)
    return msgspec.structs.replace(part, **filled)


def _judge_size(channel: str, filled: Mapping[str, Any]) -> None:
    if channel == "sms" and len(filled["text"]) > _SMS_CHARACTERS_MAX:
        raise Trouble("it becomes too long")
    if channel == "push":
        if len(" ".join(filled.values()).encode()) > _PUSH_BYTES_MAX:
            raise Trouble("it becomes too long")
        if filled["url"] and not filled["url"].startswith(("https://", "http://")):
            raise Trouble("a link is none")


def _sources(text: Text) -> list[tuple[str, str]]:
    found = [(name, getattr(text, name)) for name in _OF_MAIL]
    for channel in PARTS:
        part = getattr(text, channel)
        for name, source in msgspec.structs.asdict(part).items() if part is not None else ():
            several = source if isinstance(source, tuple) else (source,)
            found += [(f"{channel}.{name}", one) for one in several]
    return found


def write(template: Template, locale: str, fields: Mapping[str, Any]) -> Written:
    """The message with its fields filled in. Raises Trouble."""
    text, formats = template.texts[locale], Formats(locale)
    subject = _filled(text.subject, fields, formats, escaped=False)
    return Written(
        subject=" ".join(subject.split()),  # a line break in a name must not begin another header
        mjml=_directed(_filled(text.mjml, fields, formats, escaped=True), formats),
        text=_filled(text.text, fields, formats, escaped=False),
        locale=locale,
    )


class _Fields(ImmutableSandboxedEnvironment):
    """Fields are keys of mappings and nothing else: no attribute of any object is reached."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The field, or an undefined value that ends the writing."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return self.undefined(name=attribute)


def _environment(formats: Formats, *, escaped: bool) -> _Fields:
    made = _Fields(autoescape=escaped, undefined=StrictUndefined, keep_trailing_newline=True)
    made.filters = {"number": formats.number, "money": formats.money, "date": formats.date, "default": _or_else}
    made.tests, made.globals = {}, {}
    return made


def _or_else(value: Any, other: str) -> Any:
    return other if isinstance(value, StrictUndefined) or value is None or value == "" else value


@lru_cache(_COMPILED_MAX)
def _compiled(source: str, locale: str, escaped: bool) -> Compiled:
    """The same for the same source, whichever version of whichever shop it stands in. It holds no value of anybody."""
    return _environment(Formats(locale), escaped=escaped).from_string(source)


def _filled(source: str, fields: Mapping[str, Any], formats: Formats, *, escaped: bool) -> str:
    parts, length = [], 0
    try:
        for part in _compiled(source, formats.locale, escaped).generate(dict(fields)):
            length += len(part)
            if length > OUTPUT_CHARACTERS_MAX:
                raise Trouble("it becomes too long")
            parts.append(part)
    except TemplateError as error:
        raise Trouble(f"a field is missing: {error.message}") from None
    except (TypeError, ValueError) as error:
        raise Trouble(f"a field has another form: {type(error).__name__}") from None
    return "".join(parts)


def _faults_of(source: str) -> list[str]:
    if len(source.encode()) > SOURCE_BYTES_MAX:
        return [f"has more than {SOURCE_BYTES_MAX} bytes"]
    try:
        tree = _environment(Formats("en"), escaped=True).parse(source)
    except TemplateSyntaxError as error:
        return [f"line {error.lineno}: {error.message}"]
    every = list(tree.find_all(nodes.Node))
    found = [f"line {node.lineno}: {why}" for node in every if (why := _refused(node)) is not None]
    if len(every) > NODES_MAX:
        found.append(f"has more than {NODES_MAX} parts")
    if _depth(tree) > DEPTH_MAX:
        found.append(f"repeats within repeats more than {DEPTH_MAX} deep")
    return found


def _refused(node: nodes.Node) -> str | None:
    if not isinstance(node, _ALLOWED):
        return f"{type(node).__name__.lower()} is not for templates: they show fields and repeat over lists"
    if isinstance(node, nodes.Filter):
        if node.name not in FILTERS:
            return f"there is no filter {node.name}; there are {', '.join(FILTERS)}"
        if node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
            return f"{node.name} takes its arguments by place"
    if isinstance(node, nodes.For) and (node.recursive or node.test is not None or not _plain(node.iter)):
        return "for goes over a field that is a list"
    return None


def _plain(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) or (isinstance(node, nodes.Getattr) and _plain(node.node))


def _depth(node: nodes.Node) -> int:
    own = 1 if isinstance(node, nodes.For) else 0
    return own + max((_depth(child) for child in node.iter_child_nodes()), default=0)


def _directed(mjml: str, formats: Formats) -> str:
    """With language and direction, whatever the author wrote there."""
    return mjml.replace("<mjml>", f'<mjml lang="{formats.language}" dir="{formats.direction}">', 1)
