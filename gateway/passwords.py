"""Passwords of people: argon2id, with the library's recommended parameters."""

from __future__ import annotations

import argon2

_hasher = argon2.PasswordHasher()


def hash_password(password: str) -> str:
    """Return the hash to keep."""
    return _hasher.hash(password)


def password_fits(kept: str | None, password: str) -> bool:
    """Say whether a password is right. Takes as long for a user that does not exist as for one that does."""
    try:
        return _hasher.verify(kept or _NOBODY, password) and kept is not None
    except argon2.exceptions.Argon2Error:
        return False


_NOBODY = _hasher.hash("nobody has this password")
