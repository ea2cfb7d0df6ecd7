"""What each part of the demo works with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rich.console import Console

from mandegar.demo.comparing import Comparison
from mandegar.recount import Recount
from shared.contracts.shops import Shop


class Scene(NamedTuple):
    """A shop whose history has been replayed, and the same counted by other means."""

    bootstrap_servers: str
    shop: Shop
    recount: Recount
    surrogates: Mapping[str, str]
    """The shop's own customer id to the surrogate."""
    comparison: Comparison
    console: Console
