"""The county's image database (GA/T 1400): pictures of alerts into the outbox, and from there to the platform."""
