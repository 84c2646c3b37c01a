"""People and machines look and act: HTTP, the live stream, the console. Never runs the road."""
