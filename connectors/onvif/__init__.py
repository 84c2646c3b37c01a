"""ONVIF: a mapping that comes with Anxin."""
