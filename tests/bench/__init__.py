"""Figures, side by side in one run. Timings never fail a test."""
