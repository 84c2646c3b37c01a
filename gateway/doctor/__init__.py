"""`anxin doctor`: one file per part it looks at; `examine.py` puts them together."""
