"""Which tier somebody is on, from what they did by day and what programmes said. Pure."""
