"""Bulletins: messages for many, from the desk to screens, phones and enterprises (docs/bulletins.md)."""
