"""Signed notices to other parties' own systems."""
