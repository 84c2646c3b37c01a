"""A lower-level client of GA/T 1400 (VIID): pictures of alarms to a county's image database, and what it asks of us."""
