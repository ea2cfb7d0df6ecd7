"""Every query of the slice."""

from services.gateway.identity.store.claiming import identify
from services.gateway.identity.store.writing import save

__all__ = ["identify", "save"]
