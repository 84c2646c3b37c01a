"""Serve the API with uvicorn."""

from __future__ import annotations

import uvicorn

from api.app import make_app
from gateway.settings import Settings


def serve(settings: Settings) -> None:
    """Serve until told to stop. Open streams do not hold the end up: browsers resume."""
    uvicorn.run(
        make_app(settings),
        host=settings.http_host,
        port=settings.http_port,
        log_level="warning",
        timeout_graceful_shutdown=2,
        access_log=False,
    )
