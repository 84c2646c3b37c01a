"""The gateway: the road of an event, its timers, its delivery and its store."""
