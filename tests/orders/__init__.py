"""Tests of what is known of orders."""
