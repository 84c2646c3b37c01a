"""Keeping alerts quiet, with a reason: shelves, chatter, floods, and what explains an alert by design."""
