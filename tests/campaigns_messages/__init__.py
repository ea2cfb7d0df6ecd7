"""Tests of templates and messages."""
