"""Tests of what members and staff read of accounts."""
