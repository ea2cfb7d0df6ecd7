"""Servers of their own for what is killed."""

from tests.chaos.conftest import chaos_stack, servers

__all__ = ["chaos_stack", "servers"]
