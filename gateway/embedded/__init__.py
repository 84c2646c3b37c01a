"""What `anxin demo` brings along: PostgreSQL, a broker, and a supervisor for all of it."""
