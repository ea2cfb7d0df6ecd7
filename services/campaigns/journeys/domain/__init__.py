"""Journeys as data, whom one is entered for, and how a run goes. Pure."""
