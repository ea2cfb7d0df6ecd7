"""Hours of everything at once, with the ledger's checker every minute. Runs by `make soak` alone."""
