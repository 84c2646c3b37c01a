"""Serve the API with uvicorn."""

from __future__ import annotations

from contextlib import suppress

import uvicorn

from api.app import make_app
from gateway.model.errors import StoreUnavailable
from gateway.sealing_up import know_key
from gateway.settings import Settings
from gateway.store.pool import connect, reaching_store


def serve(settings: Settings) -> None:
    """Serve until told to stop. Open streams do not hold the end up: browsers resume.

    Raises `Misconfigured` when the database is sealed with another key, if it answers.
    """
    app = make_app(settings)
    with suppress(StoreUnavailable), reaching_store(), connect(settings.database, "api key") as connection:
        know_key(connection, app.state.parts.sealer)
    uvicorn.run(
        app,
        host=settings.http_host,
        port=settings.http_port,
        log_level="warning",
        timeout_graceful_shutdown=2,
        access_log=False,
    )
