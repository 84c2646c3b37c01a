"""The county video platform: which devices it knows, which alerts go up to it, and how they get there."""
