"""Tests of gateway's collector: over HTTP, with a real Kafka behind it."""
