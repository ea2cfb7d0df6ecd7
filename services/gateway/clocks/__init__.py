"""Slice `clocks`: the time of shops on the stream clock, from the partitions of raw orders to those of orders."""

from services.gateway.clocks.consumer import advance

__all__ = ["advance"]
