"""Backup and restore: `take.py` makes a file, `restore.py` fills an empty database from one."""
