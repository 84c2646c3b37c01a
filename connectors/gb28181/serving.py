"""What the platform wants of us: queries, orders, subscriptions, and media, which is refused politely."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from connectors.gb28181 import answers, catalogue, manscdp
from connectors.gb28181.alarming import Alarming
from connectors.gb28181.answers import View
from connectors.gb28181.catalogue import Entry
from connectors.gb28181.line import Line, ignore
from connectors.gb28181.listing import Listing
from connectors.gb28181.manscdp import Told
from connectors.gb28181.message import Request, address_of, respond, tag_of
from connectors.gb28181.news import AlarmAcknowledged, Ordered, Subscribed, TurnedAway
from connectors.gb28181.subscriptions import KINDS, Subscription, Subscriptions, granted
from connectors.gb28181.transactions import Answered, Peer, Unanswered
from gateway.model.errors import BadInput

log = structlog.get_logger()

ALLOW = "INVITE, ACK, CANCEL, BYE, INFO, OPTIONS, MESSAGE, SUBSCRIBE, NOTIFY"


class Serving:
    """Answers requests of a platform that was found to be the one. `view` gives what is known now."""

    def __init__(self, line: Line, subscriptions: Subscriptions, alarming: Alarming, view: Callable[[], View]) -> None:
        self._line, self._subscriptions, self._alarming, self._view = line, subscriptions, alarming, view
        self.listings: list[Listing] = []
        #: What the platform set the heartbeat to.
        self.keepalive: tuple[float | None, int | None] = (None, None)

    def serve(self, asked: Request, peer: Peer, now: float) -> None:
        """Answer one request."""
        by_method = {"MESSAGE": self._message, "SUBSCRIBE": self._subscribe, "INVITE": self._invite}
        if asked.method in by_method:
            by_method[asked.method](asked, peer, now)
        elif asked.method == "OPTIONS":
            self._line.answer(
                asked, peer, respond(asked, 200, [("Allow", ALLOW)], tag=self._line.envelope.token()), now
            )
        elif asked.method in ("BYE", "INFO", "NOTIFY"):  # there is no dialog they could belong to
            self._line.turn_down(asked, peer, 481, now)
        else:
            refused = respond(asked, 405, [("Allow", ALLOW)], tag=self._line.envelope.token())
            self._line.answer(asked, peer, refused, now)

    def listed(self, now: float) -> list[Listing]:
        """Return the listings that have ended since the last time; what waited for them goes out."""
        over = [one for one in self.listings if one.done is not None]
        self.listings = [one for one in self.listings if one.done is None]
        if over and not self.listings and (one := self._subscriptions.get("Catalog")) is not None:
            self._notify_next(one, now)
        return over

    def changed(self, before: Sequence[Entry], after: Sequence[Entry], now: float) -> None:
        """Tell a platform that follows the catalogue what became of it."""
        one = self._subscriptions.get("Catalog")
        found = catalogue.changes(before, after) if one is not None else []
        if one is not None and found:
            self._notify(one, found, now)

    def _message(self, asked: Request, peer: Peer, now: float) -> None:
        told = self._read(asked, peer, now)
        if told is None:
            return
        # Taken at once, empty; what is to be said of it comes as a message of its own.
        self._line.turn_down(asked, peer, 200, now)
        if told.root == "Query":
            self._query(told, now)
        elif told.root == "Control":
            self._order(told, now)
        elif told.root == "Response" and told.cmd_type == "Alarm" and told.sn is not None:
            self._line.say(AlarmAcknowledged(told.sn, told.device, told.text("Result").upper()[:20]))
        elif told.root == "Notify" and told.cmd_type == "Broadcast":
            head: list[tuple[str, manscdp.Value]] = [
                ("CmdType", "Broadcast"), ("SN", told.sn or 0), ("DeviceID", told.text("TargetID")), ("Result", "ERROR")
            ]  # fmt: skip
            self._line.tell(manscdp.write("Response", head, charset=self._line.config.dialect.charset), now, ignore)

    def _read(self, asked: Request, peer: Peer, now: float) -> Told | None:
        kind = asked.headers.first("Content-Type").partition(";")[0].strip().lower()
        if kind not in ("", manscdp.CONTENT_TYPE.lower(), "application/xml", "text/xml"):
            self._line.turn_down(asked, peer, 415, now)
            return None
        try:
            return manscdp.read(asked.body)
        except BadInput as error:
            self._line.turn_down(asked, peer, 413 if error.reason == "oversized" else 400, now)
            self._line.say(TurnedAway(peer[0], str(error)))
            return None

    def _query(self, told: Told, now: float) -> None:
        view = self._view()
        if told.cmd_type == "Catalog":
            for one in self.listings:
                one.stop()
            listing = Listing(self._line, told, view.entries)
            self.listings = [listing]
            listing.go_on(now)
            return
        body = answers.answer(told, view)
        if body is not None:
            self._line.tell(body, now, ignore)
        else:
            log.info("the platform asks what we do not know", cmd_type=told.cmd_type[:40])

    def _order(self, told: Told, now: float) -> None:
        view = self._view()
        made = answers.order(told, view)
        if made is None:
            return
        if made.done:
            self._follow(made, [item.code for item in view.items])
        self._line.say(Ordered(made.command, made.device, made.done))
        body = answers.answered(told, made, view)
        if body is not None:
            self._line.tell(body, now, ignore)

    def _follow(self, made: answers.Order, channels: list[str]) -> None:
        if made.command == "AlarmCmd/ResetAlarm":
            self._alarming.reset(made.device)
        elif made.command in ("GuardCmd/SetGuard", "GuardCmd/ResetGuard"):
            self._alarming.guard(made.device, channels, armed=made.command == "GuardCmd/SetGuard")
        else:
            self.keepalive = (made.keepalive_s, made.keepalive_misses)

    def _subscribe(self, asked: Request, peer: Peer, now: float) -> None:
        known = self._subscriptions.of(asked)
        if known is None and tag_of(asked.headers.first("To")):
            self._line.turn_down(asked, peer, 481, now)
            return
        told = self._read(asked, peer, now) if asked.body.strip() or known is None else None
        if told is None and (known is None or asked.body.strip()):
            return  # it is refused already
        if told is not None and told.cmd_type not in KINDS:
            self._line.turn_down(asked, peer, 489, now)
            return
        seconds = granted(asked)
        if known is None:
            if told is None:
                return
            one = Subscription(told.cmd_type, asked, told, self._line.envelope.token())
            self._subscriptions.put(one)
        else:
            one = known
            one.renew(asked, told)
        one.ends_at = now + seconds
        self._alarming.peers = {**self._alarming.peers, one.call_id: peer}
        self._take_up(one, asked, peer, seconds, now)
        self._line.say(Subscribed(one.kind, seconds))
        if seconds == 0:
            self._end(one, now)
        elif one.kind == "Catalog" and known is None:
            # What is not in it counts as online.
            self._notify(one, [("OFF", item) for item in self._view().items if not item.online], now)

    def _take_up(self, one: Subscription, asked: Request, peer: Peer, seconds: int, now: float) -> None:
        more = [("Contact", self._line.envelope.contact), ("Expires", str(seconds))]
        body = b""
        if self._line.config.subscribe_body:
            more.append(("Content-Type", manscdp.CONTENT_TYPE))
            told: list[tuple[str, manscdp.Value]] = [
                ("CmdType", one.kind), ("SN", one.sn), ("DeviceID", one.device), ("Result", "OK")
            ]  # fmt: skip
            body = manscdp.write("Response", told, charset=self._line.config.dialect.charset)
        self._line.answer(asked, peer, respond(asked, 200, more, tag=one.tag, body=body), now)

    def _end(self, one: Subscription, now: float) -> None:
        over = one.notify(self._line.envelope, now, b"", self._line.registration.uri, over="timeout")
        self._line.ask(over, now, ignore, peer=self._alarming.peers.pop(one.call_id, None))
        self._subscriptions.drop(one)

    def _notify(self, one: Subscription, found: list[tuple[catalogue.Change, Entry]], now: float) -> None:
        config, room = self._line.config, self._line.room
        one.waiting += catalogue.notices(found, self._line.next_sn, config.device_id, config.dialect, room=room)
        self._notify_next(one, now)

    def _notify_next(self, one: Subscription, now: float) -> None:
        """One after the other, and none of a device that the platform is just being told of."""
        if not one.waiting or one.notifying or self.listings:
            return
        one.notifying = True

        def then(event: Answered | Unanswered, now: float) -> None:
            if not isinstance(event, Answered) or event.response.status in (404, 481):
                self._subscriptions.drop(one)
                return
            one.notifying = False
            one.waiting.popleft()
            self._notify_next(one, now)

        asked = one.notify(self._line.envelope, now, one.waiting[0], self._line.registration.uri)
        self._line.ask(asked, now, then, peer=self._alarming.peers.get(one.call_id))

    def _invite(self, asked: Request, peer: Peer, now: float) -> None:
        """No media comes from here: a media server beside us would send it."""
        channel = address_of(asked.uri).user or address_of(asked.headers.first("To")).user
        self._line.turn_down(asked, peer, 488 if answers.knows(self._view(), channel) else 404, now)
