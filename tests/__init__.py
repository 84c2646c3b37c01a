"""Tests, by cost."""
