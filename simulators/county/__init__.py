"""A made-up county town, drawn from a seed: what `python -m simulators site` prints."""
