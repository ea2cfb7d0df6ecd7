"""Tests of entitlements that are told elsewhere by webhook."""
