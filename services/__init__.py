"""The services. Each is one consumer group, one database schema and one HTTP application; none imports another."""
