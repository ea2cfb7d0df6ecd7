"""Ready-made journeys, as data: `journeys/shelf.py` reads it."""
