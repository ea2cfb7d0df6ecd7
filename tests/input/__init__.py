"""Files as input: reading, mapping, resuming; generated streams; the recount itself."""
