"""Slice `statements`: what members and staff read of accounts and tiers; sums for the books. It only reads."""
