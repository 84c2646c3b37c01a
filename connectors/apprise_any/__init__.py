"""Everything else that the optional package apprise reaches; never confirmed."""
