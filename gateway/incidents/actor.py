"""Who acts."""

from __future__ import annotations

from datetime import datetime

import msgspec

from gateway.model.scope import Scope


class Actor(msgspec.Struct, frozen=True):
    """Who acts, within which scope, and when (UTC); `client_at` is what their device's clock said."""

    username: str
    role: str
    scope: Scope
    at: datetime
    client_at: datetime | None = None
