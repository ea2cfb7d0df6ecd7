"""In a real browser. By `make browser`, since no package of Python holds one; `make test` leaves this folder out."""
