"""Frigate: a mapping that comes with Anxin."""
