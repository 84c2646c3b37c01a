"""The county's platform: one port, on a thread of its own, with all that it knows and all that can be ordered of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

from simulators.county_platform.alarms import Alarm
from simulators.county_platform.catalogue import Catalogue, Item
from simulators.county_platform.complaints import Violation
from simulators.county_platform.machinery import Machinery
from simulators.county_platform.registrar import Registered
from simulators.county_platform.sending import Exchange
from simulators.county_platform.sip import Message, Style
from simulators.county_platform.subscriptions import Subscription
from simulators.county_platform.wire import Source

T = TypeVar("T")


class CountyPlatform(Machinery):
    """An upper platform; a context manager, or `start` and `stop`. `port` is the real one once it runs.

    `told`: called, under the lock, with a line of Chinese for each thing that happens. Everything else may be called
    from any thread. What is returned are snapshots. `start` raises OSError for a port that is taken.
    """

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._wire.port

    def start(self) -> Self:
        """Listen. Raises OSError for a port that is taken."""
        self._thread.start()
        try:
            self._thread.run(self._wire.open())
        except OSError:
            self._thread.stop()
            raise
        self._thread.do(self._tick)
        return self

    def stop(self) -> None:
        """Stop listening, without a word to anybody."""
        if self._thread.runs:
            self._thread.do(self._end)
            self._thread.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # ── what is known ────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def violations(self) -> list[Violation]:
        """What peers did against the rules, oldest first."""
        with self.watch.changed:
            return list(self._desk.complaints)

    @property
    def alarms(self) -> list[Alarm]:
        """The alarms, each once, oldest first."""
        with self.watch.changed:
            return list(self._desk.alarms)

    @property
    def catalog(self) -> dict[str, Item]:
        """The items of all devices' catalogues by ID."""
        with self.watch.changed:
            return {gb_id: item for one in self._desk.catalogues.values() for gb_id, item in one.items.items()}

    @property
    def catalogues(self) -> dict[str, Catalogue]:
        """The catalogues by device; they change."""
        with self.watch.changed:
            return dict(self._desk.catalogues)

    @property
    def registered(self) -> dict[str, Registered]:
        """Who is registered, by device."""
        with self.watch.changed:
            return dict(self._registrar.registered)

    @property
    def subscriptions(self) -> list[Subscription]:
        """Subscriptions, also those that are over."""
        with self.watch.changed:
            return list(self._subscriptions.all.values())

    @property
    def exchanges(self) -> list[Exchange]:
        """All requests of ours, oldest first."""
        with self.watch.changed:
            return list(self._asking.exchanges)

    @property
    def retransmissions(self) -> int:
        """How often peers sent something again."""
        return self._desk.past.retransmissions

    @property
    def requests(self) -> list[Message]:
        """Every request that was heard, retransmissions too, oldest first."""
        with self.watch.changed:
            return list(self._reception.requests)

    def received(self, root: str, cmd_type: str) -> list[str]:
        """Return the texts of all bodies of this kind that came."""
        with self.watch.changed:
            return [body.text for _, body in self._desk.notes if (body.root, body.cmd_type) == (root, cmd_type)]

    def wait_for(
        self, told: Callable[[CountyPlatform], T], timeout_s: float = 5.0, what: str = "what was waited for"
    ) -> T:
        """Wait until `told(platform)` is true of something and return that. Raises TimeoutError."""
        return self.watch.until(lambda: told(self), timeout_s, what)

    # ── orders ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def order(
        self,
        kind: str,
        target: str = "",
        *,
        device: str = "",
        to: Source | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Exchange:
        """Send one of `orders.ORDERS` about `target`; `fields` of XML, `SN` too. Raises KeyError, NobodyThere."""

        def ask() -> Exchange:
            exchange = self._asking.order(kind, target, device, to, fields)
            if kind == "reset-alarm":
                self._desk.reset(target)
            return exchange

        return self._thread.do(ask)

    def send_raw(
        self, body: bytes, content_type: str = "Application/MANSCDP+xml", *, device: str = "", to: Source | None = None
    ) -> Exchange:
        """Send a MESSAGE with any bytes."""
        return self._thread.do(lambda: self._asking.raw(body, content_type, device, to))

    def call(self, method: str, channel: str = "", *, device: str = "", to: Source | None = None) -> Exchange:
        """Send OPTIONS, INVITE, CANCEL or BYE."""
        return self._thread.do(lambda: self._asking.call(method, channel, device, to))

    def subscribe(
        self,
        kind: str,
        *,
        event: str = "",
        expires_s: int = 600,
        device: str = "",
        to: Source | None = None,
        filters: Mapping[str, str] | None = None,
    ) -> Exchange:
        """Subscribe Catalog, Alarm or MobilePosition, in a new dialog."""
        device = device or next(iter(self.registered), next(iter(self.settings.devices)))
        usual = {"Catalog": "Catalog;id=1"}.get(kind, "presence")
        one = Subscription(kind, device, event or usual, expires_s, filters or {})
        return self._thread.do(lambda: self._asking.subscribe(one, to))

    def refresh(self, kind: str, *, expires_s: int = 600) -> Exchange:
        """Refresh the newest subscription of this kind, with 0 end it. Raises LookupError where there is none."""
        one = next(
            (each for each in reversed(self.subscriptions) if each.kind == kind and each.state == "active"), None
        )
        if one is None:
            raise LookupError(f"no subscription of {kind} is active")
        one.expires_s = expires_s
        return self._thread.do(lambda: self._asking.subscribe(one))

    # ── misbehaviour ─────────────────────────────────────────────────────────────────────────────────────────────────

    def misbehave(
        self, name: str, *, count: int = 1, method: str | None = None, seconds: float = 1.0, codes: Sequence[int] = ()
    ) -> None:
        """Order one of `faults.FAULTS`. Raises ValueError."""
        self._thread.do(
            lambda: self._reception.faults.order(name, count=count, method=method, seconds=seconds, codes=codes)
        )

    def behave(self) -> None:
        """Forget all misbehaviour that was ordered."""
        self._thread.do(self._behave)

    def forget(self, *, catalogue: bool = False) -> None:
        """Be as after a restart: no registrations, nonces, subscriptions; the catalogue is in WVP's database."""
        self._thread.do(lambda: self._forget(catalogue=catalogue))

    def redirect(self, to: tuple[str, str, int] | None) -> None:
        """Send who registers from now on to another server, (ID, host, port), with 302; None takes them again."""
        self._registrar.redirect = to

    def change_nonce(self) -> None:
        """Take every nonce for stale from now on."""
        self._thread.do(self._registrar.guard.change_nonce)

    def go_away(self) -> None:
        """Close the port, as a machine that is switched off. What was under way is forgotten."""
        self._thread.do(self._close)

    def come_back(self) -> None:
        """Open the same port again. Raises OSError when somebody else has it."""
        self._thread.run(self._wire.open())

    def close_connections(self) -> None:
        """Cut all TCP connections."""
        self._thread.do(self._wire.cut)

    def segments(self, *, split: int = 0, merge: bool = False) -> None:
        """Write TCP messages in parts of `split` bytes, or two in one segment; neither is the usual way."""
        self._wire.split, self._wire.merge = split, merge

    def style(self, *, bare_lf: bool = False, compact: bool = False, folded: bool = False) -> None:
        """Write SIP headers in this way from now on."""
        self._sender.style = Style(bare_lf, compact, folded)

    def charset(self, declared: str, encoded: str) -> None:
        """Declare one charset in bodies and write another from now on."""
        self._asking.declared, self._asking.encoded = declared, encoded
