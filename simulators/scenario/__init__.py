"""Scenarios: something happens in the town, and what the gateway must make of it, said from outside."""
