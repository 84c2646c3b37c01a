"""What a demo says when it is ready, and how it knows that it is."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.embedded.broker import INTEGRATOR_USER
from gateway.embedded.ports import LOOPBACK
from gateway.embedded.secrets import Secrets
from gateway.registering.site import Site

#: Whose log-ins are printed; the others' are in demo.json.
SHOWN = ("operator", "officer", "deputy", "commander", "auditor", "admin")


def greeting(
    site: Site, secrets: Secrets, ports: Mapping[str, int], home: Path, seconds: float, *, screens: bool, county: bool
) -> list[str]:
    """Return the lines that say where everything is and who may log in; of `screens` and `county` where they run."""
    names = [user.username for user in site.users]
    shown = [name for name in names if name in SHOWN] or names[: len(SHOWN)]
    more = len(names) - len(shown)
    return [
        "",
        f"Anxin is ready after {seconds:.1f} s.",
        f"  console      http://{LOOPBACK}:{ports['http']}",
        f"  phones       http://{LOOPBACK}:{ports['receivers']}/phones/",
        *([f"  screens      http://{LOOPBACK}:{ports['receivers']}/screens/"] if screens else []),
        *([f"  county       http://{LOOPBACK}:{ports['county_page']}"] if county else []),
        f"  MQTT broker  {LOOPBACK}:{ports['mqtt']}",
        f"  state        {home}",
        "",
        "  log in as    password",
        *(f"  {name:<12} {secrets.users[name]}" for name in shown),
        *([f"  and {more} more: see demo.json in {home}"] if more else []),
        "",
        "Ctrl-C stops everything; the data stays.",
    ]


def described(site: Site, secrets: Secrets, ports: Mapping[str, int], *, county: bool) -> dict[str, Any]:
    """Return what demo.json says of its parts and of who may log in, for whoever works with it by program."""
    receivers = f"http://{LOOPBACK}:{ports['receivers']}"
    return {
        "url": f"http://{LOOPBACK}:{ports['http']}",
        "mqtt": {
            "host": LOOPBACK, "port": ports["mqtt"], "username": INTEGRATOR_USER, "password": secrets.integrator,
        },
        "station": site.station.id,
        "users": {
            user.username: {"username": user.username, "password": secrets.users[user.username]} for user in site.users
        },
        "phones": {"url": f"{receivers}/phones"},
        "command_room": {"url": f"{receivers}/command-room"},
        **({"county": {"url": f"http://{LOOPBACK}:{ports['county_page']}"}} if county else {}),
    }  # fmt: skip


def is_ready(port: int) -> tuple[bool, str]:
    """Ask the API whether a press now would ring; returns why not."""
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/readyz", timeout=2):  # our own
            return True, ""
    except urllib.error.HTTPError as error:
        try:
            body: Any = json.loads(error.read())
            return False, str(body.get("detail", body))
        except ValueError:
            return False, f"HTTP {error.code}"
    except OSError:
        return False, "the API does not answer yet"
