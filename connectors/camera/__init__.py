"""A camera worker: pictures in, events out over MQTT like any device, snapshots and clips beside them.

The way of a picture: `source` → `ring` (its packet, kept for clips) and, decoded, `analytics` → `spool` → `line`
(events to the broker), `upload` (snapshots and clips to the API). `camera` ties one camera's together, `worker` all.
"""
