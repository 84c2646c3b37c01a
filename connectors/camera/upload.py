"""Snapshots and clips on their way to the API, each under its device's own credential, until it is taken.

Snapshots go before clips. An API that is away is asked again, later and later; what it will never take is let go, and
that is said.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import httpx2 as httpx
import structlog

from connectors.camera.spool import Spool, Waiting

log = structlog.get_logger()

LOOK_EVERY_S = 0.2
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 60.0
TIMEOUT = httpx.Timeout(60, connect=5)
#: Refusals that may end: a device not yet imported, a credential being changed, too much at once.
_MAY_END = frozenset({401, 403, 404, 408, 425, 429})
Answer = Literal["taken", "refused", "later"]


class Upload:
    """One thread for all cameras of a worker. `passwords` are the devices' secrets."""

    def __init__(
        self, api: str, spools: Sequence[Spool], passwords: Mapping[str, str], ca_file: Path | None = None
    ) -> None:
        self._url = f"{api.rstrip('/')}/api/v1/media"
        self._spools, self._passwords = spools, passwords
        verify = ssl.create_default_context(cafile=str(ca_file)) if ca_file is not None else True
        self._client = httpx.Client(timeout=TIMEOUT, verify=verify)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upload", daemon=True)
        self.refused = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what has not been taken stays in the spool."""
        self._stopping.set()
        self._thread.join(10)
        self._client.close()

    def _run(self) -> None:
        delay = FIRST_RETRY_S
        while not self._stopping.is_set():
            answers = [self._send_next(spool) for spool in self._spools]
            if "later" in answers:
                self._stopping.wait(delay)
                delay = min(delay * 2, LONGEST_RETRY_S)
                continue
            delay = FIRST_RETRY_S
            if not any(answers):
                self._stopping.wait(LOOK_EVERY_S)

    def _send_next(self, spool: Spool) -> Answer | None:
        """Send what is next in one spool; None when nothing waits there."""
        waiting = spool.to_send()
        if waiting is None:
            return None
        try:
            answer = self._send(waiting)
        except OSError as error:  # the file itself
            log.exception("a picture that waits cannot be read", file=str(waiting.content), error=str(error))
            answer = "refused"
        if answer == "refused":
            self.refused += 1
        if answer != "later":
            spool.sent(waiting.number)
        return answer

    def _send(self, waiting: Waiting) -> Answer:
        about = waiting.about
        told = {
            **({"event": about.event} if about.of is None else {"of": f"{about.of}/{about.event}"}), "role": about.role,
            "from": about.from_at.isoformat(), "until": about.until_at.isoformat(),
        }  # fmt: skip
        try:
            answer = self._client.post(
                self._url,
                params=told,
                content=waiting.content.read_bytes(),
                headers={"Content-Type": about.content_type},
                auth=(about.device, self._passwords.get(about.device, "")),
            )
        except httpx.HTTPError as error:
            log.warning("the API takes no pictures now", error=f"{type(error).__name__}: {error}")
            return "later"
        if answer.is_success:
            return "taken"
        log.warning(
            "a picture was not taken", device=about.device, event_id=about.event, role=about.role,
            status=answer.status_code, answer=answer.text[:300],
        )  # fmt: skip
        return "later" if answer.status_code in _MAY_END or answer.is_server_error else "refused"
