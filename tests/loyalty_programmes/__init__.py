"""Programmes: their form, their versions, their API."""
