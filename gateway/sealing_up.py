"""The database and its data key: whether they belong together, and sealing what an older version left readable."""

from __future__ import annotations

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail, words
from gateway.model.errors import Misconfigured
from gateway.persons import personal
from gateway.persons.imported import BY_FILE, MONITORING
from gateway.persons.personal import Personal
from gateway.sealing import KEY_FILE, Sealer, contact_address, key_is_there, sealer_of
from gateway.settings import Settings
from gateway.store import contacts, data_key, persons
from gateway.store import words as word_store
from gateway.store.migrate import migrate
from gateway.store.pool import connect, reaching_store

_ABOUT, _TEXT = "data_key", "anxin"
_OTHER = (
    "the database is sealed with another data key than this one: put back the ANXIN_DATA_KEY or the file "
    f"{KEY_FILE} of ANXIN_HOME that it was sealed with (docs/privacy.md#the-key); nothing was changed"
)


def bring_up_to_date(settings: Settings) -> list[str]:
    """Apply the migrations and seal what is still readable; returns the migrations applied.

    Safe to run at any time, also twice at once. Raises as `gateway.store.migrate.migrate`, and `Misconfigured` when the
    database is sealed with another key.
    """
    applied = migrate(settings.database)
    with reaching_store(), connect(settings.database, "seal") as connection:
        sealer = sealer_for(settings, connection)
        know_key(connection, sealer)
        seal_up(connection, sealer)
    return applied


def after_restore(settings: Settings, database_url: str) -> str:
    """Say whether what was restored can be opened here, and seal what an older backup had readable.

    Nothing is lost when it cannot: with the right key it can.
    """
    with reaching_store(), connect(database_url, "seal") as connection:
        if data_key.read(connection) is None:
            sealer = sealer_of(settings)
            know_key(connection, sealer)
            seal_up(connection, sealer)
            return "personal data: an older backup had it readable; it is sealed now"
        if not key_is_there(settings):
            return (
                "personal data: sealed, and its data key is not here. It is in no backup: set ANXIN_DATA_KEY, or put "
                f"the file {KEY_FILE} of that installation into {settings.home}; nothing starts before"
            )
        return f"personal data: {'sealed, and the data key fits' if fits(connection, sealer_of(settings)) else _OTHER}"


def sealer_for(settings: Settings, connection: Connection[TupleRow]) -> Sealer:
    """Return the sealer; no key is made for a database that is sealed already. Raises `Misconfigured`."""
    if data_key.read(connection) is not None and not key_is_there(settings):
        raise Misconfigured(
            "the database is sealed and there is no data key here: set ANXIN_DATA_KEY, or put the file "
            f"{KEY_FILE} back into {settings.home} (docs/privacy.md#the-key)"
        )
    return sealer_of(settings)


def know_key(connection: Connection[TupleRow], sealer: Sealer) -> None:
    """Let the first key be the key. Raises `Misconfigured` when the database is sealed with another one."""
    data_key.write(connection, sealer.seal(_TEXT, _ABOUT))
    if not fits(connection, sealer):
        raise Misconfigured(_OTHER)


def fits(connection: Connection[TupleRow], sealer: Sealer) -> bool:
    """Whether a key is the one the database is sealed with; any is, as long as nothing was sealed."""
    kept = data_key.read(connection)
    if kept is None:
        return True
    try:
        return sealer.unseal(kept, _ABOUT) == _TEXT
    except Misconfigured:
        return False


def seal_up(connection: Connection[TupleRow], sealer: Sealer) -> dict[str, int]:
    """Seal names, addresses, reasons that are readable, write down consent that nobody did; returns how many of each.

    Idempotent; within the caller's transaction. Consent: see `gateway.persons.imported`.
    """
    names = persons.in_the_clear(connection)
    for station, person, name in names:
        sealed = personal.seal(sealer, station, person, Personal(name))
        persons.put_sealed(connection, station, person, sealed.sealed, sealed.name_index)
    phones = data_key.phones_in_the_clear(connection)
    for station, username, phone in phones:
        contacts.put(
            connection, station, username, "phone",
            address_sealed=sealer.seal(phone, contact_address(station, username, "phone")),
            address_index=sealer.index(phone, "phone"),
        )  # fmt: skip
        data_key.forget_phone(connection, username)
    silent = persons.unrecorded(connection)
    for station, person in silent:
        persons.add_consent(connection, station, person, purpose=MONITORING, state="given", said_by=BY_FILE, by=BY_FILE)
    reasons = _seal_reasons(connection, sealer)
    return {"names": len(names), "phones": len(phones), "consents": len(silent), "reasons": reasons}


def _seal_reasons(connection: Connection[TupleRow], sealer: Sealer) -> int:
    """Seal why things were shelved and turns swapped, there and in the trail; returns how many there were."""
    shelves = word_store.shelves_in_the_clear(connection)
    for number, station, by, begins_at, reason in shelves:
        sealed = words.sealed(sealer, reason, words.of_shelf(station, by, begins_at))
        word_store.put_sealed(connection, "shelf", number, sealed)
    swaps = word_store.swaps_in_the_clear(connection)
    for number, station, shift, day, instead_of, reason in swaps:
        sealed = words.sealed(sealer, reason, words.of_swap(station, shift, day, instead_of))
        word_store.put_sealed(connection, "swap", number, sealed)
    lines = word_store.lines_in_the_clear(connection)
    for number, station, act, what, reason in lines:
        sealed = trail.sealed_words(sealer, station, act, what, {"reason": reason})
        word_store.put_sealed(connection, "line", number, sealed)
    return len(shelves) + len(swaps) + len(lines)
