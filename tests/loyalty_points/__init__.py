"""Tests of the ledger of points."""
