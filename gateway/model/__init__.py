"""Frozen types that every other package may import; this one imports nothing of ours."""
