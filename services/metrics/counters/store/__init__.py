"""Every query of the counter table: adding, folding its shards, reading."""
