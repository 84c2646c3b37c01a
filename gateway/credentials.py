"""The secrets of an installation, one file each: made when missing, never overwritten, private to their owner.

`anxin demo` has a broker of its own and keeps everything in one file (`gateway/embedded/secrets.py`). Here the parts
are other people's containers or services, and each is handed only the files it needs.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from gateway import mosquitto
from gateway.embedded.broker import GATEWAY_USER, INTEGRATOR_USER
from gateway.embedded.secrets import new_secret
from gateway.mapped_rights import NONE, MappedRights
from gateway.model.errors import Misconfigured
from gateway.registering.site import Site
from gateway.sealing import new_key

#: Only its owner reads it; or its group too, when another user's program (PostgreSQL, Grafana) must.
PRIVATE, FOR_GROUP = 0o600, 0o640
DATABASE = DATABASE_USER = "anxin"
DEVICES, USERS, INTEGRATOR = "devices.json", "users.json", "integrator.json"


class Secrets:
    """One folder of secrets. `database` and `broker` are where the others find them, HOST:PORT.

    The folder itself holds what gateway and API read as settings and what the database and Grafana read;
    `logins/` who may log in, for the import and for people; `broker/` what Mosquitto reads.
    """

    def __init__(self, folder: Path, site: Site, *, database: str, broker: str, mapped: MappedRights = NONE) -> None:
        self.folder, self.site, self._mapped = folder, site, mapped
        self._database, self._broker = database, broker
        self._written: list[str] = []

    def make(self) -> list[str]:
        """Make what is missing; returns the files written, none when all was there.

        Raises `Misconfigured` when the folder cannot be written or a file in it cannot be read.
        """
        try:
            with _alone_in(self.folder):
                for part in ("logins", "broker"):
                    (self.folder / part).mkdir(mode=0o700, exist_ok=True)
                self._make()
        except OSError as error:
            raise Misconfigured(
                f"{error.filename or self.folder}: {error.strerror}; who runs `anxin secrets` must own it"
            ) from error
        return self._written

    def _make(self) -> None:
        password = self._once("postgres_password", new_secret(24), FOR_GROUP)
        self._once("anxin_database_url", f"postgresql://{DATABASE_USER}:{password}@{self._database}/{DATABASE}")
        fresh = f"mqtt://{GATEWAY_USER}:{new_secret(24)}@{self._broker}"
        gateway = urlsplit(self._once("anxin_mqtt_url", fresh))
        self._once("anxin_command_room_secret", new_secret(24))
        self._once("anxin_data_key", new_key())
        # Gateway and API must have the same one; each would make its own in its home.
        self._once("anxin_web_push_key", new_key())
        self._once("anxin_aliyun_reports_token", new_secret(32))
        self._once("grafana_password", new_secret(12), FOR_GROUP)
        integrator = self._logins(INTEGRATOR, {"username": INTEGRATOR_USER, "password": new_secret(24)})
        self._logins(USERS, {user.username: new_secret(9) for user in self.site.users})
        devices = self._devices()
        health = self._health()
        logins = {integrator["username"]: integrator["password"], mosquitto.HEALTH_USER: health}
        if gateway.username and gateway.password:
            logins[unquote(gateway.username)] = unquote(gateway.password)
        own = {device.id for device in self.site.devices if device.via is None}
        logins |= {name: login["password"] for name, login in devices.items() if name in own}
        passwords = self.folder / "broker" / "mosquitto.passwd"
        kept = passwords.read_text(encoding="utf-8") if passwords.exists() else ""
        self._write(passwords, mosquitto.password_file(logins, kept, gone=devices.keys() - own))
        self._write(self.folder / "broker" / "mosquitto.acl", mosquitto.access_file(self.site, self._mapped))

    def _devices(self) -> dict[str, dict[str, str]]:
        """Return each device's log-in; behind a gateway it is the gateway's. Those of devices that left stay known."""
        path = self.folder / "logins" / DEVICES
        known: dict[str, dict[str, str]] = _read(path).get("devices", {})
        own = [device for device in self.site.devices if device.via is None]
        for device in own:
            if device.id not in known or "via" in known[device.id]:
                known[device.id] = {"username": device.id, "password": new_secret(16)}
        for device in self.site.devices:
            if device.via is not None:
                known[device.id] = {**known[device.via], "via": device.via}
        host, _, port = self._broker.rpartition(":")
        told = {"host": host, "port": int(port), "station": self.site.station.id, "devices": known}
        self._write(path, _json(told))
        return known

    def _logins(self, name: str, fresh: dict[str, str]) -> dict[str, str]:
        path = self.folder / "logins" / name
        logins: dict[str, str] = {**fresh, **_read(path)}
        self._write(path, _json(logins))
        return logins

    def _health(self) -> str:
        """Return the password of the broker's health check, from the options file `mosquitto_sub` reads by itself."""
        path = self.folder / "broker" / "mosquitto_sub"
        fresh = f"--username {mosquitto.HEALTH_USER}\n--pw {new_secret(16)}\n"
        return self._once(path.relative_to(self.folder).as_posix(), fresh).rsplit(maxsplit=1)[-1]

    def _once(self, name: str, fresh: str, mode: int = PRIVATE) -> str:
        path = self.folder / name
        if not path.exists():
            self._write(path, fresh, mode)
        return path.read_text(encoding="utf-8").strip()

    def _write(self, path: Path, text: str, mode: int = PRIVATE) -> None:
        """Write a file unless it says so already: whole or not at all."""
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return
        fresh = path.with_name(path.name + ".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)  # whatever the umask is
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        self._written.append(path.relative_to(self.folder).as_posix())


def device_secrets(logins: Path) -> dict[str, str]:
    """Return the secret of each device that has a log-in of its own, from a `logins` folder."""
    devices = _read(logins / DEVICES, must_exist=True)["devices"]
    return {device: login["password"] for device, login in devices.items() if "via" not in login}


def first_passwords(logins: Path) -> dict[str, str]:
    """Return the first password of each user, from a `logins` folder."""
    return dict(_read(logins / USERS, must_exist=True))


def _read(path: Path, *, must_exist: bool = False) -> dict[str, Any]:
    if not path.exists():
        if must_exist:
            raise Misconfigured(f"{path} is not there; make it with `anxin secrets`")
        return {}
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{path} cannot be read: {error}; restore it, or remove it to have it made anew") from error
    if not isinstance(told, dict):
        raise Misconfigured(f"{path} holds no JSON object; restore it, or remove it to have it made anew")
    return told


def _json(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Let two that run at once not make two passwords for one thing. The group may pass, and reads what is for it."""
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)
