"""What would break a reader or a writer: the committed schemas against the generated ones.

Fields are only ever added, and optional. Whatever is removed, retyped, given other values or another default, or
required where it was not, is named; another meaning needs a new version of the topic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
Catalogue = Mapping[str, Mapping[str, Schema]]
"""Topic → event type → schema."""

_IGNORED = frozenset({"title", "description", "$defs", "properties", "required", "$schema", "$id"})
_MISSING = object()


def breaking_changes(old: Catalogue, new: Catalogue) -> list[str]:
    """Sentences that name each change that breaks; empty when there are none."""
    return sorted(set(_of_catalogue(old, new)))


def _of_catalogue(old: Catalogue, new: Catalogue) -> Iterator[str]:
    for topic, types in old.items():
        if topic not in new:
            yield f"topic {topic} was removed"
            continue
        for name, schema in types.items():
            if name not in new[topic]:
                yield f"{topic}: event type {name} was removed"
            else:
                yield from _Comparison(f"{topic} {name}", schema, new[topic][name]).changes()


class _Comparison:
    """Two schemas of one event type, walked side by side."""

    def __init__(self, place: str, old: Schema, new: Schema) -> None:
        self._place = place
        self._roots = (old, new)
        self._seen: set[tuple[str, str]] = set()

    def changes(self) -> Iterator[str]:
        yield from self._compare("", *self._roots)

    def _compare(self, path: str, old: Any, new: Any) -> Iterator[str]:
        references = (str(old.get("$ref", "")), str(new.get("$ref", "")))
        if any(references):
            if references in self._seen:
                return
            self._seen.add(references)
        old, new = self._resolve(old, 0), self._resolve(new, 1)
        yield from self._compare_kind(path, old, new)
        yield from self._compare_members(path, old, new)

    def _compare_kind(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        where = f"{self._place}: {path or 'the event'}"
        for word in sorted((set(old) | set(new)) - _IGNORED):
            before, after = old.get(word, _MISSING), new.get(word, _MISSING)
            if word == "items" and isinstance(before, dict) and isinstance(after, dict):
                yield from self._compare(f"{path}[]", before, after)
            elif word == "anyOf" and isinstance(before, list) and isinstance(after, list):
                yield from self._compare_choices(path, before, after)
            elif before != after:
                yield f"{where} changed its {word} from {_shown(before)} to {_shown(after)}"

    def _compare_choices(self, path: str, old: list[Schema], new: list[Schema]) -> Iterator[str]:
        if len(old) != len(new):
            yield f"{self._place}: {path} changed its anyOf from {_shown(old)} to {_shown(new)}"
            return
        for before, after in zip(old, new, strict=True):
            yield from self._compare(path, before, after)

    def _compare_members(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in before:
            inner = f"{path}.{name}".lstrip(".")
            if name not in after:
                yield f"{self._place}: {inner} was removed"
            else:
                yield from self._compare(inner, before[name], after[name])
        was, now = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(now - was):
            kind = "became required" if name in before else "was added as required; a new field must be optional"
            yield f"{self._place}: {f'{path}.{name}'.lstrip('.')} {kind}"
        for name in sorted((was - now) & set(after)):
            yield f"{self._place}: {f'{path}.{name}'.lstrip('.')} is no longer required, and readers rely on it"

    def _resolve(self, schema: Schema, side: int) -> Schema:
        reference = schema.get("$ref")
        if reference is None:
            return schema
        target: Schema = self._roots[side]["$defs"][str(reference).rpartition("/")[2]]
        return {**target, **{k: v for k, v in schema.items() if k not in ("$ref", "$defs", "description", "title")}}


def _shown(value: Any) -> str:
    return "nothing" if value is _MISSING else str(value)
