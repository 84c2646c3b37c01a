"""Hikvision's ISAPI: what a camera or recorder notices by itself, as events."""
