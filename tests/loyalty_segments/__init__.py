"""Tests of services/loyalty/segments: what was told of segments, and rules that ask for them."""
