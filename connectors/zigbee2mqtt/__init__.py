"""Zigbee2MQTT: a mapping that comes with Anxin."""
