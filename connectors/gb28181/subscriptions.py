"""What the platform subscribed to (RFC 6665; GB/T 28181 9.11 and annex N): one of each kind, in its dialog."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from connectors.gb28181.alarm import Wanted, wanted
from connectors.gb28181.envelope import Envelope
from connectors.gb28181.manscdp import Told
from connectors.gb28181.message import Request, address_of, tag_of

KINDS = ("Catalog", "Alarm", "MobilePosition")
#: Granted when the platform names no time, and the longest.
DEFAULT_S, LONGEST_S = 600, 7 * 86400


class Subscription:
    """One subscription in its dialog."""

    def __init__(self, kind: str, asked: Request, told: Told, tag: str) -> None:
        self.kind, self.sn, self.device = kind, told.sn or 0, told.device
        self.call_id = asked.headers.first("Call-ID")
        #: Echoed to the byte: some send `presence`, some `Alarm`, some `Catalog;id=7`.
        self.event = asked.headers.first("Event")
        self._ours, self._theirs = tag, asked.headers.first("From")
        self._to = asked.headers.first("To")
        self.contact = asked.headers.first("Contact")
        self.wanted: Wanted = wanted(told)
        self.ends_at = 0.0
        self._cseq = 0
        #: Bodies that wait for the one before them to be answered.
        self.waiting: deque[bytes] = deque()
        self.notifying = False

    def is_of(self, asked: Request) -> bool:
        """Say whether a request belongs to this dialog."""
        return (
            asked.headers.first("Call-ID") == self.call_id
            and tag_of(asked.headers.first("From")) == tag_of(self._theirs)
            and tag_of(asked.headers.first("To")) in ("", self._ours)
        )

    @property
    def tag(self) -> str:
        """Our tag in the dialog."""
        return self._ours

    def renew(self, asked: Request, told: Told | None) -> None:
        """Take what a further SUBSCRIBE of the dialog says."""
        self.contact = asked.headers.first("Contact") or self.contact
        if told is not None:
            self.wanted, self.sn = wanted(told), told.sn or self.sn

    def notify(self, envelope: Envelope, now: float, body: bytes, fallback: str, *, over: str = "") -> Request:
        """Return the next NOTIFY. `fallback`: where it goes when no contact was named; `over`: why it ends."""
        self._cseq += 1
        state = f"terminated;reason={over}" if over else f"active;expires={max(0, round(self.ends_at - now))}"
        to = address_of(self.contact)
        port = f":{to.port}" if to.port else ""
        uri = f"sip:{to.user}@{to.host}{port}" if to.host else fallback
        more = [
            ("Contact", envelope.contact), ("Event", self.event or "presence"), ("Subscription-State", state)
        ]  # fmt: skip
        return envelope.request(
            "NOTIFY", uri, to=self._theirs, tag=self._ours, call_id=self.call_id, cseq=self._cseq, more=more, body=body
        )


class Subscriptions:
    """All of one platform's."""

    def __init__(self) -> None:
        self._by_kind: dict[str, Subscription] = {}

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._by_kind.values())

    def get(self, kind: str) -> Subscription | None:
        """Return the one of a kind."""
        return self._by_kind.get(kind)

    def of(self, asked: Request) -> Subscription | None:
        """Return the one whose dialog a request belongs to."""
        return next((one for one in self if one.is_of(asked)), None)

    def put(self, one: Subscription) -> None:
        """Keep one; another dialog of the same kind is replaced by it."""
        self._by_kind[one.kind] = one

    def drop(self, one: Subscription) -> None:
        """Forget one."""
        if self._by_kind.get(one.kind) is one:
            del self._by_kind[one.kind]

    def clear(self) -> None:
        """The platform is gone, and with it what it wanted."""
        self._by_kind.clear()

    def expire(self, now: float) -> None:
        """Drop, quietly, what was not renewed."""
        for one in [one for one in self if now >= one.ends_at]:
            self.drop(one)

    def next_due(self) -> float:
        """Return when the next one ends."""
        return min((one.ends_at for one in self), default=float("inf"))


def granted(asked: Request) -> int:
    """Return for how many seconds: 0 ends it."""
    told = asked.headers.first("Expires").strip()
    return min(int(told[:9]), LONGEST_S) if told.isascii() and told.isdigit() else DEFAULT_S
