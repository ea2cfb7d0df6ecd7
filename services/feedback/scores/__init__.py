"""Slice `scores`: NPS, CSAT and CES of what was answered, by window, segment and version, with their intervals."""
