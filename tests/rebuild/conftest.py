"""Servers of their own: topics are made anew, and tables change places."""

from tests.chaos.conftest import chaos_stack, servers

__all__ = ["chaos_stack", "servers"]
