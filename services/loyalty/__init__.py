"""Loyalty: members of a shop's programme, their points, and what orders and interactions earn."""
