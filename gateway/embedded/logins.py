"""Who may log in at an embedded installation: made when new, kept under ANXIN_HOME, told to people and devices."""

from __future__ import annotations

from pathlib import Path

from gateway.embedded.ports import LOOPBACK
from gateway.embedded.secrets import Secrets, load_secrets, write_private
from gateway.passwords import hash_password
from gateway.registering.site import Site
from gateway.registering.writing import import_site, without_password
from gateway.sealing import Sealer
from gateway.store.pool import connect, reaching_store


class Logins:
    """The log-ins of one home directory."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._secrets_file = home / "secrets.json"

    def make(self, site: Site) -> Secrets:
        """Return the secrets, with one for each person and each device that connects itself."""
        secrets = load_secrets(self._secrets_file)
        for device in site.devices:
            if device.via is None:
                secrets.device(device.id)
        for user in site.users:
            secrets.user(user.username)
        write_private(self._secrets_file, secrets)
        return secrets

    def tell_devices(self, site: Site, secrets: Secrets, port: int) -> None:
        """Write devices.json: where the broker is, and what each device logs in with. Last, when all of it is true."""
        write_private(
            self._home / "devices.json",
            {
                "host": LOOPBACK,
                "port": port,
                "station": site.station.id,
                "devices": {
                    device.id: {
                        "username": device.via or device.id,
                        "password": secrets.devices[device.via or device.id],
                        **({"via": device.via} if device.via is not None else {}),
                    }
                    for device in site.devices
                },
            },
        )


def of_devices(site: Site, secrets: Secrets) -> dict[str, str]:
    """Return the secret of each device that connects itself."""
    return {device.id: secrets.devices[device.id] for device in site.devices if device.via is None}


def behind(site: Site) -> dict[str, list[str]]:
    """Return gateways, and the devices they speak for."""
    found: dict[str, list[str]] = {}
    for device in site.devices:
        if device.via is not None:
            found.setdefault(device.via, []).append(device.id)
    return found


def register(database_url: str, site: Site, secrets: Secrets, sealer: Sealer) -> dict[str, int]:
    """Write a site and its log-ins into the registry; returns how many rows there are of each sort."""
    with reaching_store(), connect(database_url, "demo import") as connection:
        hashes = {
            name: hash_password(secrets.users[name])
            for name in without_password(connection, [user.username for user in site.users])
        }
        return import_site(connection, site, sealer, device_secrets=of_devices(site, secrets), password_hashes=hashes)
