"""Figures: what the station did and how its alarms are, counted from rows that are never changed afterwards."""
