"""generations: a shop's counters with other settings, built beside the live ones while orders flow."""

from services.metrics.generations.domain.progress import Cost, Phase, Progress
from services.metrics.generations.domain.settings import Choices, built_with, chosen_by
from services.metrics.generations.store.costs import cost_of_change
from services.metrics.generations.store.progress import progress_of

__all__ = ["Choices", "Cost", "Phase", "Progress", "built_with", "chosen_by", "cost_of_change", "progress_of"]
