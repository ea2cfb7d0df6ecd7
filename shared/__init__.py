"""What two services use, or the runtime needs.

Floors, from the ground up: kernel, contracts, orders, settings and telemetry, db, messaging and web, testing.
"""
