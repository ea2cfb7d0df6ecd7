"""A safeguard of the code: how it is taken out of a copy, and the tests that must notice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Edit(NamedTuple):
    """A text that stands in a file exactly once, and what takes its place."""

    file: str
    old: str
    new: str


class NotThere(Exception):
    """The code has changed: the edit must be written anew."""


@dataclass(frozen=True)
class Safeguard:
    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]

    def remove_from(self, tree: Path) -> None:
        """Take it out of a copy of the tree. Raises NotThere and changes nothing when a text is not there once."""
        texts = {edit.file: (tree / edit.file).read_text("utf-8") for edit in self.edits}
        for edit in self.edits:
            if texts[edit.file].count(edit.old) != 1:
                raise NotThere(f"{self.name}: {edit.file} does not hold exactly once:\n{edit.old}")
            texts[edit.file] = texts[edit.file].replace(edit.old, edit.new)
        for file, text in texts.items():
            (tree / file).write_text(text, "utf-8")

    def put_back(self, original: Path, tree: Path) -> None:
        for edit in self.edits:
            (tree / edit.file).write_text((original / edit.file).read_text("utf-8"), "utf-8")
