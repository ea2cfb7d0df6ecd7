"""Slice `naming`: which customer a request means. Identifiers come in bodies, never in addresses, which are logged."""

from services.gateway.naming.named import Customer, Named, Namer

__all__ = ["Customer", "Named", "Namer"]
