"""Faults to order, as real providers have them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.receivers.connection import cut

LONGEST_S = 600.0

Accept = Callable[[], Response]
"""Records the request and makes the good answer."""


@dataclass(slots=True)
class Fault:
    """One rule: how to fail, for whom, how often.

    `to` limits it to one recipient, `times` to that many requests (None: for ever). `seconds` is how long to
    hang or be slow, or the Retry-After of a 429. `applied` counts.
    """

    mode: str
    to: str | None = None
    times: int | None = None
    seconds: float = 0.0
    applied: int = 0

    def concerns(self, to: str | None) -> bool:
        """Say whether this rule still has to be applied, and to this recipient."""
        return self.to in (None, to) and (self.times is None or self.applied < self.times)


async def _http_500(_request: Request, _fault: Fault, _accept: Accept) -> Response:
    return JSONResponse({"code": 500, "message": "internal error"}, 500)


async def _http_429(_request: Request, fault: Fault, _accept: Accept) -> Response:
    wait = {"Retry-After": f"{fault.seconds:.0f}"}
    return JSONResponse({"code": 429, "message": "too many requests"}, 429, headers=wait)


async def _hang(request: Request, fault: Fault, _accept: Accept) -> Response:
    await _waited(fault.seconds)
    return await cut(request)


async def _error_body(_request: Request, _fault: Fault, _accept: Accept) -> Response:
    return JSONResponse({"code": 45009, "message": "api freq out of limit"})


async def _gone(_request: Request, _fault: Fault, _accept: Accept) -> Response:
    return JSONResponse({"code": 410, "message": "unregistered"}, 410)


async def _drop(request: Request, _fault: Fault, accept: Accept) -> Response:
    accept()  # The ambiguous case: delivered, and the sender can't know.
    return await cut(request)


async def _slow(request: Request, fault: Fault, accept: Accept) -> Response:
    return accept() if await _waited(fault.seconds) else await cut(request)


async def _dead(_request: Request, _fault: Fault, accept: Accept) -> Response:
    return accept()


async def _waited(seconds: float) -> bool:
    """Wait; False when the server stops meanwhile, which the sender should see as a closed connection."""
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        return False
    return True


MODES: Mapping[str, Callable[[Request, Fault, Accept], Awaitable[Response]]] = {
    "http_500": _http_500,
    "http_429": _http_429,
    "hang": _hang,
    "error_body": _error_body,
    "gone": _gone,
    "drop": _drop,
    "slow": _slow,
    "dead": _dead,
}
DEFAULT_SECONDS: Mapping[str, float] = {"http_429": 1.0, "hang": 30.0, "slow": 2.0}


class FaultBook:
    """The rules in force, in order: the first that concerns a request is applied to it."""

    def __init__(self, *, has_recipients: bool) -> None:
        """Start without faults. Where there are no recipients, a rule with `to` is refused, not ignored."""
        self._has_recipients = has_recipients
        self._faults: list[Fault] = []

    async def answer(
        self, request: Request, to: str | None, accept: Accept, *, silently: Accept | None = None
    ) -> Response:
        """Answer a valid request: accept it, unless a fault concerns it.

        Only `drop`, `slow` and `dead` accept as well; under any other fault the provider never had the message.
        `silently` accepts it for a phone that is off: the provider has it and nobody ever says that it arrived.
        """
        for fault in self._faults:
            if fault.concerns(to):
                fault.applied += 1
                taken = silently or accept if fault.mode == "dead" else accept
                return await MODES[fault.mode](request, fault, taken)
        return accept()

    def routes(self) -> list[Route]:
        """Return PUT (replaces all rules), GET and DELETE of `/faults`."""
        return [
            Route("/faults", self._put, methods=["PUT"]),
            Route("/faults", self._get, methods=["GET"]),
            Route("/faults", self._delete, methods=["DELETE"]),
        ]

    async def _put(self, request: Request) -> Response:
        try:
            self._faults = [self._read(rule) for rule in await request.json()]
        except (ValueError, TypeError, AttributeError) as error:
            return JSONResponse({"code": 400, "message": f"no list of fault rules: {error}"}, 400)
        return self._listing()

    async def _get(self, _request: Request) -> Response:
        return self._listing()

    async def _delete(self, _request: Request) -> Response:
        self._faults = []
        return Response(status_code=204)

    def _listing(self) -> Response:
        return JSONResponse({"items": [asdict(fault) for fault in self._faults]})

    def _read(self, rule: dict[str, Any]) -> Fault:
        """Read one rule; raises ValueError or TypeError with a sentence for the caller."""
        unknown = rule.keys() - {"mode", "to", "times", "seconds"}
        mode = str(rule.get("mode"))
        if unknown or mode not in MODES:
            raise ValueError(f"a rule has mode (one of {', '.join(MODES)}) and may have to, times, seconds")
        to, times = rule.get("to"), rule.get("times")
        if to is not None and not self._has_recipients:
            raise ValueError("there are no recipients here, so a rule can't have `to`")
        seconds = float(rule.get("seconds", DEFAULT_SECONDS.get(mode, 0.0)))
        if not 0 <= seconds <= LONGEST_S:
            raise ValueError(f"seconds must lie between 0 and {LONGEST_S:.0f}")
        return Fault(mode, to, None if times is None else int(times), seconds)
