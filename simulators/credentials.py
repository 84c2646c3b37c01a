"""The credentials file: where the broker is and how each device logs in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class CredentialsError(ValueError):
    """The credentials file is missing, is no JSON, or lacks something; the text says what and where."""


@dataclass(frozen=True, slots=True)
class Login:
    """One device's name and password at the broker: its own, or those of the gateway `via` which it speaks."""

    username: str
    password: str = field(repr=False)
    via: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """A broker, a station, and a login for each device id."""

    host: str
    port: int
    station: str
    devices: Mapping[str, Login]

    def login(self, device: str) -> Login:
        """Return a device's login; raises CredentialsError when the file has none for it."""
        if device not in self.devices:
            raise CredentialsError(f"no login for device {device!r} in the credentials file")
        return self.devices[device]


def read_credentials(path: Path) -> Credentials:
    """Read `{"host", "port", "station", "devices": {id: {"username", "password", "via"}}}`; `via` may be missing.

    Raises CredentialsError when the file can't be read or doesn't have this shape.
    """
    try:
        raw: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CredentialsError(f"can't read {path}: {error.strerror}") from error
    except ValueError as error:
        raise CredentialsError(f"{path} is no JSON: {error}") from error
    try:
        return Credentials(
            host=str(raw["host"]),
            port=int(raw["port"]),
            station=str(raw["station"]),
            devices={
                str(device): Login(str(login["username"]), str(login["password"]), login.get("via"))
                for device, login in raw["devices"].items()
            },
        )
    except KeyError as error:
        raise CredentialsError(f"{path}: {error} is missing") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise CredentialsError(f"{path} has the wrong shape: {error}") from error
