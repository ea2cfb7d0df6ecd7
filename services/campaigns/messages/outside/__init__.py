"""How messages go out: one adaptor for each channel, all of one form. Never inside a transaction."""

from services.campaigns.messages.outside.form import Adaptor, Letter, Means, Parcel, configured
from services.campaigns.messages.outside.lane import Lane

__all__ = ["Adaptor", "Lane", "Letter", "Means", "Parcel", "configured"]
