"""Whoever is told: the API, the phones' provider, the command room. Asked over HTTP; no message is sent."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import httpx2 as httpx

from gateway.clock import SystemClock
from gateway.doctor.database import graded_clock
from gateway.doctor.finding import Finding, bad, warn, well
from gateway.settings import Settings

LIMIT_S = 5.0
#: HTTP writes its dates in whole seconds, and servers write them a moment before they answer.
DATE_PRECISE_TO_S = 2.0
_SERVER_ERROR = 500


def look(settings: Settings) -> Iterator[Finding]:
    """Look at them."""
    yield from _api(settings)
    if settings.phone_url:
        yield from _provider("phones", "ANXIN_PHONE_URL", settings.phone_url)
    else:
        yield warn("phones", "ANXIN_PHONE_URL is not set: no phone can ring", "set it to the push provider's base URL")
    if settings.command_room_url:
        yield from _provider("command room", "ANXIN_COMMAND_ROOM_URL", settings.command_room_url)
        if not settings.command_room_secret.get_secret_value():
            yield warn(
                "command room secret", "not set: anybody could post in our name", "set ANXIN_COMMAND_ROOM_SECRET"
            )
    else:
        yield well("command room", "ANXIN_COMMAND_ROOM_URL is not set: only our own console is told")


def _api(settings: Settings) -> Iterator[Finding]:
    url = f"http://{_address(settings.http_host)}:{settings.http_port}"
    try:
        answer = httpx.get(f"{url}/readyz", timeout=LIMIT_S)
    except httpx.HTTPError as error:
        yield warn("API", f"{url} does not answer ({type(error).__name__})", "start it: `anxin run`")
        return
    if answer.is_success:
        yield well("API", f"{url} is ready")
    elif "problem+json" in answer.headers.get("Content-Type", ""):
        yield warn("API", f"{url} is not ready: {answer.json().get('detail')}", "mend that first")
    else:
        yield bad(
            "API", f"{url} answers HTTP {answer.status_code}", "something else listens there: set ANXIN_HTTP_PORT"
        )
    yield from _clock("API clock", answer)


def _provider(name: str, setting: str, url: str) -> Iterator[Finding]:
    """Ask for the base URL: any answer below 500 says that somebody is there."""
    try:
        answer = httpx.get(url, timeout=LIMIT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        yield bad(name, f"{_shown(url)} does not answer: {error}", f"check {setting} and the way there (firewall, DNS)")
        return
    told = f"{_shown(url)} answers (HTTP {answer.status_code})"
    if answer.status_code >= _SERVER_ERROR:
        yield warn(name, told, "it has trouble of its own; messages are tried again until it takes them")
    else:
        yield well(name, told)
    yield from _clock(f"{name} clock", answer)


def _clock(name: str, answer: httpx.Response) -> Iterator[Finding]:
    """Compare its Date header with this machine's clock."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (TypeError, ValueError):
        return  # it tells no time: nothing to compare
    yield graded_clock(name, (theirs - SystemClock().now()).total_seconds(), precise_to_s=DATE_PRECISE_TO_S)


def _shown(url: str) -> str:
    """Return a URL without what may be secret in it: user, password, query."""
    parts = httpx.URL(url)
    return str(parts.copy_with(username=None, password=None, query=None, fragment=None))


def _address(host: str) -> str:
    """Return where to reach an API that listens on this address."""
    try:
        told = ipaddress.ip_address(host)
    except ValueError:
        return host
    if told.is_unspecified:
        return "127.0.0.1"
    return f"[{host}]" if told.version == 6 else host  # noqa: PLR2004  # IPv6
