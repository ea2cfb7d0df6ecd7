"""Tests of the gateway service."""
