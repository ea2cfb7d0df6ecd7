"""Tests of stages and of what publishes them."""
