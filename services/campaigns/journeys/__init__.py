"""Slice `journeys`: journeys as versioned data, and runs of customers through them, step by step, each step once."""

from services.campaigns.journeys.consumer import Listener, Read, interaction, sound_order
from services.campaigns.journeys.events import (
    of_member,
    of_message,
    of_points,
    of_segment,
    of_stage,
    of_survey,
    of_tier,
)
from services.campaigns.journeys.jobs import JourneyJobs
from services.campaigns.journeys.store.runs import counted, empty, of_customers, standing

__all__ = [
    "JourneyJobs",
    "Listener",
    "Read",
    "counted",
    "empty",
    "interaction",
    "of_customers",
    "of_member",
    "of_message",
    "of_points",
    "of_segment",
    "of_stage",
    "of_survey",
    "of_tier",
    "sound_order",
    "standing",
]
