"""Tests of the runtime: consumer, relay, timers, dead letters."""
