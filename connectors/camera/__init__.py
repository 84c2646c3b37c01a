"""A camera worker: pictures in, events out over MQTT like any device, snapshots and clips beside them.

The way of a picture: `source` → `ring` (packets kept for clips) and, decoded, `analytics` → `sighting` → `line`, `upload`.
"""
