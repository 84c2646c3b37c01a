"""Persons the station looks after: sealed, shown masked, revealed with a reason, erased on request."""
