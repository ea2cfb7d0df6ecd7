"""gateway: the front door. What shops send comes in here; it goes on to the services without personal data."""
