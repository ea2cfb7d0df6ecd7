"""Slice `hooks`: where a shop's own systems are told of messages, by signed webhook."""

from services.campaigns.hooks.sealing import Vault
from services.campaigns.hooks.store import Hook, gone, hooks_of

__all__ = ["Hook", "Vault", "gone", "hooks_of"]
