"""How far a replay got: a small file, replaced whole, so that a kill at any moment leaves the old one or the new."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec


class _State(msgspec.Struct, frozen=True):
    fingerprint: str
    line: int
    sent: int


_DECODER = msgspec.json.Decoder(_State)


@dataclass(frozen=True, slots=True)
class StateFile:
    """The state at `path`; it counts only for the same file, options and target (`fingerprint`)."""

    path: Path
    fingerprint: str

    def load(self) -> tuple[int, int]:
        """(last line known to be written to Kafka, events sent so far); (0, 0) where there is nothing to go on from."""
        try:
            state = _DECODER.decode(self.path.read_bytes())
        except (FileNotFoundError, msgspec.DecodeError):
            return 0, 0
        return (state.line, state.sent) if state.fingerprint == self.fingerprint else (0, 0)

    def save(self, line: int, sent: int) -> None:
        """All lines up to `line` are acknowledged."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(_State(self.fingerprint, line, sent)))
        draft.replace(self.path)

    def clear(self) -> None:
        """The replay is complete: a further run starts from the front (and, ids being the same, changes nothing)."""
        self.path.unlink(missing_ok=True)
