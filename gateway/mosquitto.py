"""What Mosquitto reads: its password file and who may say and hear what. Text in, text out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Collection, Iterator, Mapping

from gateway.embedded.broker import GATEWAY_USER, INTEGRATOR_USER
from gateway.mapped_rights import NONE, MappedRights
from gateway.registering.site import Site

#: Who asks whether the broker is well; it hears one topic and says nothing.
HEALTH_USER = "anxin-health"
#: PBKDF2 rounds. Our passwords are random, 128 bits and more, so rounds protect nothing; each connection pays them.
ROUNDS = 1000
_SALT_BYTES, _HASH_BYTES = 12, 64


def password_file(logins: Mapping[str, str], kept: str = "", *, gone: Collection[str] = ()) -> str:
    """Return the password file for these user names and passwords.

    Lines of `kept` stay as they are while they fit, so that a file that says the same is the same; so do lines of
    names we know nothing of, except those `gone`.
    """
    lines = dict(_split(line) for line in kept.splitlines() if line.strip())
    ours = {
        name: lines[name] if name in lines and fits(lines[name], password) else hashed(password)
        for name, password in logins.items()
    }
    others = {name: line for name, line in lines.items() if name not in ours and name not in gone}
    return "".join(f"{name}:{line}\n" for name, line in (ours | others).items())


def hashed(password: str) -> str:
    """Return a password as `mosquitto_passwd` of Mosquitto 2 keeps it: `$7$rounds$salt$hash`, PBKDF2-SHA512."""
    salt = os.urandom(_SALT_BYTES)
    return f"$7${ROUNDS}${_text(salt)}${_text(_derive(password, salt, ROUNDS))}"


def fits(kept: str, password: str) -> bool:
    """Say whether a kept hash is this password's."""
    try:
        _, kind, rounds, salt, told = kept.split("$")
        derived = _derive(password, base64.b64decode(salt), int(rounds))
        return kind == "7" and hmac.compare_digest(derived, base64.b64decode(told))
    except (ValueError, binascii.Error):
        return False


def access_file(site: Site, mapped: MappedRights = NONE) -> str:
    """Return the access list: a device says only what is its own, a gateway also what its devices say.

    Whom a mapping names as its publisher says and hears the vendor's topics too.
    """
    return "\n".join(_access(site, mapped)) + "\n"


def _access(site: Site, mapped: MappedRights) -> Iterator[str]:
    root = f"anxin/v1/{site.station.id}"
    yield "# Written by `anxin secrets` from the site file; changes here are lost."
    yield from ("", f"user {GATEWAY_USER}", "topic readwrite anxin/v1/#")
    yield from (f"topic read {one}" for one in mapped.reads)
    yield from ("", f"user {INTEGRATOR_USER}", f"topic deny {root}/_road/#", "topic readwrite anxin/v1/#")
    yield from (f"topic readwrite {one}" for one in mapped.roots)
    yield from ("", f"user {HEALTH_USER}", "topic read $SYS/broker/uptime")
    behind: dict[str, list[str]] = {}
    for device in site.devices:
        if device.via is not None:
            behind.setdefault(device.via, []).append(device.id)
    for speaker in dict.fromkeys([*behind, *mapped.publishers]):
        yield from ("", f"user {speaker}")
        for child in behind.get(speaker, ()):
            yield from _own(f"topic write {root}/{child}", f"topic read {root}/{child}")
        yield from (f"topic readwrite {one}" for one in mapped.publishers.get(speaker, ()))
    # Patterns hold for every user whatever section they stand in; %u is the user name, which is the device's id.
    yield ""
    yield from _own(f"pattern write {root}/%u", f"pattern read {root}/%u")


def _own(says: str, hears: str) -> Iterator[str]:
    yield from (f"{says}/event", f"{says}/alarm", f"{says}/status", f"{hears}/command", f"{hears}/display")


def _split(line: str) -> tuple[str, str]:
    name, _, kept = line.partition(":")
    return name, kept


def _derive(password: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds, _HASH_BYTES)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
