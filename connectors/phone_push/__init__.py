"""Officers' phones over a push provider's HTTP API."""
