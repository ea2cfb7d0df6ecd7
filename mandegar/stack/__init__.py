"""Real PostgreSQL and real Apache Kafka as children of this process, without Docker, Java or root's package manager.

What lives here: fetching, starting, watching and stopping the two servers and the services. What may not: anything
that a service imports. A guardian runs beside each process and loads this package, so nothing is imported up front.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mandegar.stack.embedded import Stack
    from mandegar.stack.errors import StackError

__all__ = ["Stack", "StackError"]


def __getattr__(name: str) -> Any:
    """Import the two public names when they are first asked for: it halves the memory of each guardian."""
    if name == "Stack":
        from mandegar.stack.embedded import Stack

        return Stack
    if name == "StackError":
        from mandegar.stack.errors import StackError

        return StackError
    raise AttributeError(name)
