"""Checks of the checks: `make sabotage` takes each safeguard out, one at a time, and the suite must go red."""
