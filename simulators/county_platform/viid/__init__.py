"""A county's image database: the strict upper side of GA/T 1400 (VIID, JSON over HTTP), with answers to order."""
