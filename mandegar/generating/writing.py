"""The stream, its truth and its shops as files of JSON lines; lives and their truth likewise."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mandegar.generating.lives import Answered, Lives
from mandegar.generating.stream import Stream


def write(stream: Stream, out: Path, truth: Path, shops: Path) -> None:
    """Events in order of arrival to `out`, a fact an order to `truth`, a shop a line to `shops`. Raises OSError."""
    _write_lines(out, stream.lines)
    _write_lines(truth, map(msgspec.json.encode, stream.facts))
    _write_lines(shops, map(msgspec.json.encode, stream.shops))


def _write_lines(path: Path, lines: Iterable[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.writelines(line + b"\n" for line in lines)


def write_lives(lives: Lives, out: Path, truth: Path) -> None:
    """Events in order of arrival to `out`; shoppers, orders, carts and answers, each line with its kind, to `truth`."""
    _write_lines(out, (event.value for event in lives.events))
    kinds: dict[str, Sequence[Any]] = {
        "shopper": lives.shoppers,
        "order": lives.facts,
        "cart": lives.carts,
        "answer": lives.answers,
    }
    _write_lines(
        truth,
        (
            msgspec.json.encode({"kind": kind, **msgspec.to_builtins(_fields(one))})
            for kind, found in kinds.items()
            for one in found
        ),
    )


def _fields(one: Any) -> dict[str, Any]:
    return one._asdict() if isinstance(one, Answered) else dataclasses.asdict(one)
