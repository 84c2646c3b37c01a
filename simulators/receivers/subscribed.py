"""Phones with a push subscription: their keys, kept in a file when asked to, as a browser keeps them over a restart."""

import base64
import json
import os
import secrets
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Phone:
    """One phone's subscription: its keys, its secret, who may send to it (None: anybody)."""

    def __init__(self, name: str, sender: str | None) -> None:
        """Make a new subscription."""
        self.name, self.sender, self.gone = name, sender, False
        self.token = secrets.token_urlsafe(32)
        self.key = generate_private_key(SECP256R1())
        self.secret = secrets.token_bytes(16)

    def keys(self) -> dict[str, str]:
        """Return `keys` of the subscription, as a browser tells them."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"p256dh": text_of(point), "auth": text_of(self.secret)}

    def kept(self) -> dict[str, Any]:
        """Return what has to be kept of it."""
        scalar = self.key.private_numbers().private_value.to_bytes(32)
        told = {"name": self.name, "sender": self.sender, "gone": self.gone, "token": self.token}
        return {**told, "key": scalar.hex(), "secret": self.secret.hex()}

    @classmethod
    def from_kept(cls, told: dict[str, Any]) -> Self:
        """Return the phone that was kept. Raises KeyError, TypeError, ValueError when it was something else."""
        phone = cls(told["name"], told["sender"])
        phone.gone, phone.token = told["gone"], told["token"]
        phone.key = derive_private_key(int(told["key"], 16), SECP256R1())
        phone.secret = bytes.fromhex(told["secret"])
        return phone


class Phones:
    """All of them, by token; without a path they last as long as the process."""

    def __init__(self, path: Path | None) -> None:
        """Take up what an earlier run kept. Raises OSError when the file cannot be read, ValueError when it is none."""
        self._path = path
        there = path is not None and path.exists()
        kept = json.loads(path.read_text(encoding="utf-8")) if path is not None and there else []
        self._phones = {phone.token: phone for phone in map(Phone.from_kept, kept)}

    def of_token(self, token: str) -> Phone | None:
        """Return the phone of an endpoint, also one that is gone."""
        return self._phones.get(token)

    def of_name(self, name: str) -> Phone | None:
        """Return the phone of this name that still has a subscription."""
        return next((phone for phone in self._phones.values() if phone.name == name and not phone.gone), None)

    def add(self, name: str, sender: str | None) -> Phone:
        """Make a phone's new subscription; the one it had is over."""
        self.forget(name)
        phone = Phone(name, sender)
        self._phones[phone.token] = phone
        self._keep()
        return phone

    def forget(self, name: str) -> bool:
        """End a phone's subscription; returns False when it had none."""
        phone = self.of_name(name)
        if phone is not None:
            phone.gone = True
            self._keep()
        return phone is not None

    def _keep(self) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(self._path.name + ".new")
        fresh.unlink(missing_ok=True)
        # Private keys: only their owner reads them.
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump([phone.kept() for phone in self._phones.values()], file)
        fresh.replace(self._path)


def text_of(raw: bytes) -> str:
    """Return bytes in URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
