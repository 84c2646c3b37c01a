"""The secrets of an embedded installation: made once, kept under ANXIN_HOME, readable by its owner only."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

import msgspec


class Secrets(msgspec.Struct):
    """What the embedded parts and the demo's people log in with."""

    gateway: str
    integrator: str
    command_room: str
    devices: dict[str, str] = {}
    users: dict[str, str] = {}

    def device(self, device: str) -> str:
        """The secret of a device, made when it is new."""
        return self.devices.setdefault(device, new_secret(16))

    def user(self, username: str) -> str:
        """The password of a person, made when they are new."""
        return self.users.setdefault(username, new_secret(9))


def new_secret(size: int) -> str:
    """A new secret of so many random bytes, as text that no command takes for an option."""
    while not (text := secrets.token_urlsafe(size))[0].isalnum():
        pass
    return text


def load_secrets(path: Path) -> Secrets:
    """Read the secrets, or make them."""
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=Secrets)
    gateway, integrator, command_room = (new_secret(24) for _ in range(3))
    return Secrets(gateway, integrator, command_room)


def write_private(path: Path, content: Any) -> None:
    """Write JSON that only its owner may read: whole or not at all."""
    write_private_text(path, json.dumps(msgspec.to_builtins(content), ensure_ascii=False, indent=2) + "\n")


def write_private_text(path: Path, text: str) -> None:
    """Write a text that only its owner may read: whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
