"""Other vendors' messages on other topics, made our events by a YAML file."""
