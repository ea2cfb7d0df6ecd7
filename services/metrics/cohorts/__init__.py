"""cohorts: what the customers of one month of first purchase do in later months."""
