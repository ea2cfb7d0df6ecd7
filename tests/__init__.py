"""Tests. They mirror services/ and shared/; a test's name is a sentence on behaviour."""
