"""Anxin's own format over MQTT and HTTP: `docs/mqtt.md`."""
