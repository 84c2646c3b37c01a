"""A demo's officer with a browser that was told to show messages: Web Push, against the stand-in's push service."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from gateway.model.scope import Scope
from gateway.registering.site import Site
from gateway.sealing import contact_address, sealer_at
from gateway.settings import Settings
from gateway.store import contacts
from gateway.store import registry as registry_store
from gateway.store.pool import connect, reaching_store
from gateway.telling.channels import vapid_public_key
from gateway.telling.contacts import subscription_text

ANSWER_S = 5.0
CHANNEL = "web_push"
LABEL = "stand-in"


def officer_of(site: Site) -> str | None:
    """Return whose browser it is: the first officer's, if the town has one."""
    return next((user.username for user in site.users if user.role == "officer"), None)


def give_push_phone(settings: Settings, site: Site, push_service: str) -> str | None:
    """Subscribe the officer's browser and let it be a contact of theirs; returns who that is.

    Again changes nothing, unless the push service has moved to another port. Raises OSError when it does not answer.
    """
    username = officer_of(site)
    if username is None:
        return None
    asked = {"phone": f"browser-{username}", "key": vapid_public_key(settings), "keep": True}
    subscription = _post(f"{push_service}/subscriptions", asked)
    # Written down as it is: from people only https is taken, and this one never leaves the machine.
    address = subscription_text({name: subscription[name] for name in ("endpoint", "keys")})
    station, sealer = site.station.id, sealer_at(settings.home)
    with reaching_store(), connect(settings.database, "push phone") as connection:
        mine = contacts.put(
            connection, station, username, CHANNEL, label=LABEL,
            address_sealed=sealer.seal(address, contact_address(station, username, CHANNEL)),
            address_index=sealer.index(address, CHANNEL),
        )  # fmt: skip
        for known in contacts.of_user(connection, Scope(station), username, me=username):
            # A browser that somebody really subscribed stays.
            if (known["label"], known["state"]) == (LABEL, "active") and known["id"] != mine:
                contacts.retire(connection, station, known["id"], "the stand-in has moved")
        registry_store.changed(connection, station)
    return username


def _post(url: str, told: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps(told).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310  # our own
    with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310
        said: dict[str, Any] = json.load(answer)
    return said
