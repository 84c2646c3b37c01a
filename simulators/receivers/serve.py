"""`receivers`: one small HTTP server with the phones, a push service, the command room and a site's screens."""

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators import options
from simulators.clock import VARIABLE, ClockError, read_clock
from simulators.credentials import CredentialsError, read_credentials
from simulators.receivers.command_room import CommandRoom
from simulators.receivers.connection import CuttableProtocol
from simulators.receivers.phones import Phones
from simulators.receivers.push_service import PushService
from simulators.receivers.receipts import Receipts
from simulators.receivers.screens import Screens
from simulators.site_file import SiteError, read_site

SHUTDOWN_S = 1


def build_app(
    secret: str, journal_dir: Path | None = None, receipts: Receipts | None = None, screens: Screens | None = None
) -> Starlette:
    """Build the ASGI app; `journal_dir` is made if need be. Raises OSError when it can't be written or read."""
    phones = Phones(journal_dir / "phones.jsonl" if journal_dir else None, receipts)
    push_service = PushService(
        journal_dir / "webpush.jsonl" if journal_dir else None,
        receipts,
        journal_dir / "webpush-phones.json" if journal_dir else None,
    )
    command_room = CommandRoom(secret, journal_dir / "command-room.jsonl" if journal_dir else None)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        if screens is not None:
            screens.start()
        yield
        if screens is not None:
            screens.stop()
        phones.mailbox.close()
        push_service.mailbox.close()
        command_room.mailbox.close()

    routes = [phones.mount(), push_service.mount(), command_room.mount(), Route("/healthz", _healthz)]
    if screens is not None:
        routes.append(screens.mount())
    return Starlette(routes=routes, lifespan=lifespan)


def _screens(site_path: Path, credentials_path: Path) -> Screens:
    try:
        clock = read_clock(os.environ.get(VARIABLE))
        return Screens(read_site(site_path), read_credentials(credentials_path), clock.now)
    except (SiteError, CredentialsError, ClockError) as error:
        raise click.ClickException(str(error)) from error


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


@click.command(short_help="Officers' phones, the command room and community screens, with faults to order.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", required=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--secret", help="HMAC secret that the command room and the gateway share.")
@click.option(
    "--secret-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The same in a file, where other people's `ps` does not show it.",
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory for phones.jsonl, webpush.jsonl, webpush-phones.json and command-room.jsonl; a restart then keeps "
    "history and subscriptions.",
)
@click.option("--receipts", help="Where phones say that they have a message: the API's /api/v1/receipts.")
@click.option(
    "--credentials",
    "credentials_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Play the screens of --site too, with these logins (JSON).",
)
@options.site
@click.option("--seen", is_flag=True, help="Phones are looked at as soon as they ring.")
def receivers(  # one argument per option
    *,
    host: str,
    port: int,
    secret: str | None,
    secret_file: Path | None,
    journal: Path | None,
    receipts: str | None,
    seen: bool,
    credentials_path: Path | None,
    site_path: Path,
) -> None:
    """Receive what the gateway sends: officers' phones, the station's command room, community screens.

    \b
    POST   /phones/push            a push, with an Idempotency-Key
    GET    /phones/messages        what the phones got; ?to=PHONE ?since=RFC3339
    DELETE /phones/messages        forget it
    GET    /phones/                the phones, for people
    POST   /webpush/subscriptions  {"phone": NAME, "key": VAPID KEY}: a phone with a push subscription;
                                   with "keep": true the one it has
    DELETE /webpush/subscriptions/NAME  its subscription is over: 410 from now on
    POST   /webpush/send/TOKEN     a message for it, checked, decrypted and kept
    GET    /webpush/messages       what those phones show; ?phone=NAME ?since=RFC3339
    POST   /command-room/events    a signed CloudEvent
    GET    /command-room/events    what the command room got; ?type= ?subject= ?since=
    DELETE /command-room/events    forget it
    GET    /screens/               what the screens of a site show, for people
    GET    /screens/shown          the same as JSON; ?screen=DEVICE
    PUT    /phones/faults          faults to order; also GET and DELETE, also at /command-room/, /webpush/
    GET    /healthz                200 when up

    A fault rule is {"mode": "http_500", "to": "phone-officer", "times": 2, "seconds": 5}; only mode is
    needed. The first rule in the list that concerns a request is applied. Modes:

    \b
    http_500    500                            http_429    429 with Retry-After (seconds, default 1)
    error_body  200 with code 45009            gone        410, unregistered
    hang        no answer for seconds (30), then the connection closes; not recorded
    slow        recorded and answered well after seconds (2)
    drop        recorded, then the connection closes without an answer
    dead        accepted well; the phone is off and never says that it has it
    """  # noqa: D301, \b is how click is told to keep lines as they are
    if (secret is None) == (secret_file is None):
        raise click.UsageError("give --secret or --secret-file")
    try:
        shared = secret or (secret_file.read_text(encoding="utf-8").strip() if secret_file else "")
    except (OSError, ValueError) as error:
        raise click.ClickException(f"can't read {secret_file}: {error}") from error
    try:
        screens = _screens(site_path, credentials_path) if credentials_path is not None else None
        app = build_app(shared, journal, Receipts(receipts, seen=seen), screens)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise click.ClickException(f"can't use the journal: {error}") from error
    click.echo(f"phones at http://{host}:{port}/phones/, command room beside them at /command-room/", err=True)
    # uvicorn stops cleanly and then raises the signal again; to us a clean stop is a success.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        app,
        host=host,
        port=port,
        http=CuttableProtocol,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
