"""The edges: other people's formats in, messages to people out."""
