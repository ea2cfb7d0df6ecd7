"""Slice `results`: what campaigns led to: sent, delivered, opened, clicked, bought. Counted when asked, never kept."""
