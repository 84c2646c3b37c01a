"""A real PostgreSQL, a real broker."""
