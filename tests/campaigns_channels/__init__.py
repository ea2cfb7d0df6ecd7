"""Tests of channels: one contract that every adaptor passes, and what each has of its own."""
