"""Personal data: whether the data key is there, fits and is kept to its owner; consent and second factors that lack."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.doctor.finding import Finding, bad, warn, well
from gateway.model.errors import Misconfigured
from gateway.sealing import KEY_FILE, key_is_there, sealer_of
from gateway.sealing_up import fits
from gateway.settings import Settings
from gateway.store import data_key, persons, second_factor

#: As in `api.deps`, which doctors do not know.
TOTP_ROLES = ("admin", "commander")
_OTHERS = 0o077
_PAGE = "docs/privacy.md#the-key"


def look(connection: Connection[TupleRow], settings: Settings) -> Iterator[Finding]:
    """Look at it. Nothing is made: a key that is not there is told, not replaced."""
    yield _key(connection, settings)
    presumed = persons.presumed(connection, settings.station)
    if presumed:
        yield warn(
            "consent",
            f"{presumed} people are watched over because the site file took their consent as given",
            "ask them and write it down: POST /api/v1/persons/{id}/consent, or `consent` in the site file",
        )
    else:
        yield well("consent", "nobody is watched over on the site file's word alone")
    lacking = second_factor.lacking(connection, settings.station, TOTP_ROLES)
    if not settings.totp_required and not settings.demo and lacking:
        yield warn(
            "second factor",
            f"ANXIN_TOTP_REQUIRED is off, and {', '.join(lacking)} log in with a password only",
            "`anxin user totp NAME` gives them one; then set ANXIN_TOTP_REQUIRED=true",
        )
    elif lacking:
        yield well("second factor", f"{', '.join(lacking)} must enrol before they can do anything")
    else:
        yield well("second factor", "every admin and commander has one")


def _key(connection: Connection[TupleRow], settings: Settings) -> Finding:
    sealed = data_key.read(connection) is not None
    if not key_is_there(settings):
        if sealed:
            return bad("data key", "none is here, and the database is sealed", "put it back: docs/privacy.md#the-key")
        return warn("data key", "there is none yet", "`anxin migrate` or `anxin run` makes it; then keep a copy apart")
    return _fitting(connection, settings)


def _fitting(connection: Connection[TupleRow], settings: Settings) -> Finding:
    try:
        right = fits(connection, sealer_of(settings))
    except Misconfigured as error:
        return bad("data key", str(error), _PAGE)
    if not right:
        return bad("data key", "the database is sealed with another one", f"put that one back: {_PAGE}")
    if settings.data_key.get_secret_value():
        return well("data key", "ANXIN_DATA_KEY fits; keep a copy apart from backups")
    path = settings.home / KEY_FILE
    if path.stat().st_mode & _OTHERS:
        return warn("data key", f"others may read {path}", f"chmod 600 {path}")
    return well("data key", f"{path} fits, and only its owner reads it; keep a copy apart from backups")
