"""Telling people: what is said to whom, the ladder that is climbed until somebody signs, and the delivery of it."""
