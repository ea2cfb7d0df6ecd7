"""Tests of loyalty: what orders and interactions are granted."""
