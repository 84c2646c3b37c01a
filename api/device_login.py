"""Devices at the API: HTTP Basic with the id and secret they have for the broker. They speak for themselves only."""

from __future__ import annotations

import base64
import binascii
import hmac

from fastapi import Request

from api.deps import Parts
from api.problems import unauthorised
from gateway.registering.writing import sha256
from gateway.store import registry as registry_store


def device_of(request: Request, have: Parts) -> str | None:
    """Return which device asks; None when it is none. Raises a 401 problem for a wrong id or secret."""
    scheme, _, told = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        device, _, secret = base64.b64decode(told, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise unauthorised("the Authorization header cannot be read") from error
    with have.pool.transaction() as connection:
        kept = registry_store.device_secret(connection, have.settings.station, device)
    if kept is None or not hmac.compare_digest(kept, sha256(secret)):
        raise unauthorised("the device or its secret is wrong")
    return device
