"""Personal data at rest: sealed with AES-256-GCM, found again by a blind index, never readable from a stolen table.

The key is `ANXIN_DATA_KEY`, or the file `data.key` in ANXIN_HOME that is made at first use. It is no part of a backup.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import unicodedata
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.model.errors import Misconfigured
from gateway.settings import Settings

KEY_FILE = "data.key"
KEY_BYTES, NONCE_BYTES, INDEX_BYTES = 32, 12, 16
#: Of which make a sealed value is: read first when another make comes.
_MAKE = b"\x01"


class Sealer:
    """Seals and opens texts with one key (32 bytes). `about` names the row and column: a value is of use only there."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._box, self._index_key = AESGCM(self.derived(b"seal")), self.derived(b"index")

    def derived(self, purpose: bytes) -> bytes:
        """Return the key (32 bytes) for another purpose: of it, nothing is learnt of this one."""
        return HKDF(SHA256(), KEY_BYTES, None, b"anxin " + purpose).derive(self._key)

    def seal(self, text: str, about: str) -> bytes:
        """Return a text sealed; twice the same text gives two different values."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return _MAKE + nonce + self._box.encrypt(nonce, text.encode(), about.encode())

    def unseal(self, sealed: bytes, about: str) -> str:
        """Return what was sealed about this. Raises `Misconfigured` when the key is another or the value was moved."""
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._box.decrypt(nonce, body, about.encode()).decode()
        except (InvalidTag, ValueError) as error:  # another key, or not even a sealed value
            raise Misconfigured(
                f"{about} cannot be opened: the data key is not the one it was sealed with; restore ANXIN_DATA_KEY"
            ) from error

    def index(self, text: str, what: str) -> bytes:
        """Return the blind index of a text of some sort: equal texts (NFKC, case and spaces aside), equal values."""
        plain = "".join(unicodedata.normalize("NFKC", text).casefold().split())
        return hmac.digest(self._index_key, f"{what}\0{plain}".encode(), hashlib.sha256)[:INDEX_BYTES]


def sealer_of(settings: Settings) -> Sealer:
    """Return the installation's sealer; a key is made where none is set and none has been made.

    Raises `Misconfigured` when the key cannot be read.
    """
    told = settings.data_key.get_secret_value()
    return _sealer(told) if told else sealer_at(settings.home)


def sealer_at(home: Path) -> Sealer:
    """Return the sealer of the key in a folder, made when there is none. Raises as `sealer_of`."""
    return _sealer(key_in(home / KEY_FILE, "ANXIN_DATA_KEY"))


def key_is_there(settings: Settings) -> bool:
    """Whether there is a key, without making one."""
    return bool(settings.data_key.get_secret_value()) or (settings.home / KEY_FILE).exists()


def _sealer(told: str) -> Sealer:
    try:
        key = base64.urlsafe_b64decode(told)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise Misconfigured("ANXIN_DATA_KEY is no key: 32 random bytes in URL-safe base64, as `anxin secrets` makes it")
    return Sealer(key)


def contact_address(station: str, username: str, channel: str) -> str:
    """Return what a contact's address is sealed about."""
    return f"contact.address/{station}/{username}/{channel}"


def enterprise_endpoint(station: str, enterprise: int) -> str:
    """Return what an enterprise's URL and secret are sealed about."""
    return f"enterprise.endpoint/{station}/{enterprise}"


def new_key() -> str:
    """Return a new key as text."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def key_in(path: Path, setting: str) -> str:
    """Return the key in a file, 32 bytes as text, made when there is none. Raises `Misconfigured`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_key(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise Misconfigured(f"{path}: {error.strerror}; let our user own it, or set {setting} instead") from error
    except UnicodeDecodeError as error:
        raise Misconfigured(f"{path}: this is no key; put back the one that was there") from error


def _make_key(path: Path) -> None:
    """Make the key whole or not at all; when two do at once, the first one's is the key."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(new_key() + "\n")
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()
