"""The proof: dirty streams through metrics on real PostgreSQL, and every figure, list and stage against the recount."""
