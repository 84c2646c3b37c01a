"""`county-platform`: a county's video platform that prints alarms as they come."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import Literal, cast
from urllib.parse import parse_qsl

import click

from simulators.clock import VARIABLE, ClockError, read_clock
from simulators.county_platform.control import Control, fault
from simulators.county_platform.platform import CountyPlatform
from simulators.county_platform.settings import CountySettings
from simulators.county_platform.viid.server import ViidServer
from simulators.county_platform.viid.settings import ViidSettings

_PASSWORD = "ANXIN_COUNTY_PASSWORD"  # noqa: S105  # the variable's name


def _address(_context: click.Context, _option: click.Parameter, text: str | None) -> tuple[str, int] | None:
    """Read HOST:PORT (a callback of click options)."""
    if text is None:
        return None
    host, colon, port = text.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit() and int(port) < 2**16):
        raise click.BadParameter(f"{text!r}: write it like 127.0.0.1:5060")
    return host, int(port)


@click.command("county-platform", short_help="A county's video platform (GB/T 28181): takes alarms, finds fault.")
@click.option(
    "--listen", required=True, callback=_address, help="HOST:PORT for SIP, UDP and TCP; port 0 takes a free one."
)
@click.option("--id", "own_id", default="34020000002000000001", show_default=True, help="The platform's 20 digits.")
@click.option("--domain", default="", help="SIP domain. [default: the ID's first ten digits]")
@click.option("--realm", default="", help="Realm of the challenge. [default: the domain]")
@click.option("--device", "devices", multiple=True, required=True, help="ID that may register; may be given again.")
@click.option("--password", help=f"The devices' password; better in the environment, {_PASSWORD}.")
@click.option("--dialect", type=click.Choice(["2016", "2022"]), default="2016", show_default=True, help="Edition.")
@click.option("--no-qop", is_flag=True, help="Challenge without qop and algorithm, as old platforms do.")
@click.option("--grant", default=86400, show_default=True, help="Longest registration, seconds.")
@click.option("--keepalive", default=60.0, show_default=True, help="Seconds between keepalives; three missed: offline.")
@click.option("--subscribe-catalog", is_flag=True, help="Subscribe the catalogue.")
@click.option(
    "--subscribe-alarm", metavar="EVENT", help="Subscribe alarms with this Event: presence, Alarm, Alarm;id=7."
)
@click.option("--alarm-response", type=click.Choice(["OK", "ERROR"]), help="Answer alarms with a Response too.")
@click.option(
    "--fault", "faults", multiple=True, metavar="NAME[?count=3&method=MESSAGE]", help="Misbehave from the start."
)
@click.option("--http", "http_port", type=click.IntRange(0, 65535), help="Serve the page, /state and orders here.")
@click.option("--viid", "viid_port", type=click.IntRange(0, 65535), help="Be an image database (GA/T 1400) here too.")
def county_platform(
    *,
    listen: tuple[str, int],
    own_id: str,
    domain: str,
    realm: str,
    devices: tuple[str, ...],
    password: str | None,
    dialect: str,
    no_qop: bool,
    grant: int,
    keepalive: float,
    subscribe_catalog: bool,
    subscribe_alarm: str | None,
    alarm_response: str | None,
    faults: tuple[str, ...],
    http_port: int | None,
    viid_port: int | None,
) -> None:
    """Be the county's video platform (上级平台) that a lower platform registers at, over UDP and TCP.

    Prints what happens, in Chinese, until interrupted; then the rules that were broken.

    \b
    curl      http://127.0.0.1:PORT/state                              everything, as JSON; / is a page
    curl -XPOST .../order/set-guard?target=ID                          an order; /order/ALL names them all
    curl -XPOST .../call/invite?channel=ID                             options, invite, cancel, bye
    curl -XPOST '.../subscribe/Alarm?event=Alarm;id=7&seconds=600'     and /refresh/Alarm?seconds=0
    curl -XPOST '.../fault/drop-request?count=3&method=MESSAGE'        drop-response, late, twice, garbage, ...
    curl -XPOST '.../fault/status?codes=500,503&method=MESSAGE'        wrong answers, one after the other
    curl -XPOST .../forget, change-nonce, go-away, come-back, close-connections, behave
    curl -XPOST '.../redirect?id=ID&host=HOST&port=PORT'               302 to REGISTER; without a query no more
    curl -XPOST '.../segments?split=40', 'style?compact=1', 'charset?declared=GB2312&encoded=utf-8'
    """  # noqa: D301  # click wants the real \b
    secret = password if password is not None else os.environ.get(_PASSWORD, "")
    if not secret:
        raise click.UsageError(f"give --password, or {_PASSWORD} in the environment")
    try:
        clock = read_clock(os.environ.get(VARIABLE))
    except ClockError as error:
        raise click.ClickException(str(error)) from error
    settings = CountySettings(
        dict.fromkeys(devices, secret),
        id=own_id,
        domain=domain,
        realm=realm,
        host=listen[0],
        port=listen[1],
        dialect=cast("Literal['2016', '2022']", dialect),
        qop=None if no_qop else "auth",
        algorithm=None if no_qop else "MD5",
        grant_s=grant,
        keepalive_s=keepalive,
        subscribes_catalog=subscribe_catalog,
        subscribes_alarm=subscribe_alarm,
        alarm_result=alarm_response,
        now=clock.now,
    )
    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    try:
        _serve(settings, faults, http_port, viid_port, stop)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error


def _serve(
    settings: CountySettings,
    faults: tuple[str, ...],
    http_port: int | None,
    viid_port: int | None,
    stop: threading.Event,
) -> None:
    with contextlib.ExitStack() as stack:
        county = stack.enter_context(CountyPlatform(settings, click.echo))
        for one in faults:
            name, _, query = one.partition("?")
            fault(county, name, dict(parse_qsl(query)))
        click.echo(f"县级平台 {settings.id} 在 {settings.host}:{county.port}（UDP、TCP，{settings.dialect}）")
        if http_port is not None:
            control = stack.enter_context(Control(county, settings.host, http_port))
            click.echo(f"页面 http://{settings.host}:{control.port}/")
        strict: list[CountyPlatform | ViidServer] = [county]
        if viid_port is not None:
            database = ViidSettings(settings.devices, host=settings.host, port=viid_port, now=settings.now)
            viid = stack.enter_context(ViidServer(database, click.echo))
            strict.append(viid)
            click.echo(f"视图库 {database.id} http://{settings.host}:{viid.port}/VIID/")
        stop.wait()
        click.echo(f"违规 {sum(len(one.violations) for one in strict)} 条")
