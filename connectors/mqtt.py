"""The only file that speaks MQTT inwards: paho, QoS 1, acknowledged by hand after the commit.

A source keeps a persistent session, so what arrives while we are away waits in the broker. Every delivery is held
until it is acknowledged; an acknowledgement of an earlier connection is dropped, since the broker will deliver
those messages again. `docs/mqtt.md` says what the broker has to be set to.
"""

from __future__ import annotations

import secrets
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal

import msgspec
import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from connectors.broker_url import Broker, Visit, read_url
from connectors.markers import MARKER_DEVICE, Markers
from connectors.settling import in_order
from gateway.model.ports import Delivery

__all__ = ["MARKER_DEVICE", "Broker", "MqttSource", "Visit", "read_url", "visit"]

log = structlog.get_logger()

Lane = Literal["event", "alarm"]
#: Messages held before the network thread waits; the broker's own bound (max_ack_pending) is usually lower.
MOST_HELD = 20_000
KEEPALIVE_S = 30
MARK_EVERY_S, SILENT_S = 1.0, 15.0
READ_AT_ONCE = 200
FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 5.0


def visit(
    broker: Broker,
    topics: Sequence[str] = (),
    say: Sequence[tuple[str, bytes]] = (),
    *,
    hear: int = 0,
    limit_s: float = 5,
    qos: int = 1,
    each: Callable[[str, bytes, bool], None] | None = None,
) -> Visit:
    """Log in, subscribe to `topics`, publish what there is to `say` and hear `hear` messages, unacknowledged.

    Disturbs no session of ours. Gives up after `limit_s`. `each` is handed what is heard (topic, payload, whether it is
    retained), instead of its being kept; take `qos` 0 then.
    """
    met, until, began = Visit(), time.monotonic() + limit_s, [0.0]
    client = paho.Client(
        CallbackAPIVersion.VERSION2, f"anxin-doctor-{secrets.token_hex(4)}", protocol=paho.MQTTv311, manual_ack=True
    )
    prepare(client, broker)

    def welcomed(_c: Any, _d: Any, _f: Any, reason: Any, _p: Any) -> None:
        met.refused = str(reason) if reason.is_failure else None
        if met.refused is None and topics:
            client.subscribe([(topic, qos) for topic in topics])

    def subscribed(_c: Any, _d: Any, _mid: int, reasons: Any, _p: Any) -> None:
        refused = [topic for topic, reason in zip(topics, reasons, strict=False) if reason.is_failure]
        met.refused = f"it refuses the subscription to {', '.join(refused)}" if refused else None
        began[0] = time.monotonic()
        for topic, payload in () if refused else say:
            client.publish(topic, payload, qos=1)

    client.on_connect, client.on_subscribe = welcomed, subscribed
    keep = each or (lambda topic, payload, _: met.heard.append((time.monotonic() - began[0], topic, payload)))
    client.on_message = lambda _c, _d, m: keep(_topic_of(m), bytes(m.payload), m.retain)
    try:
        client.connect(broker.host, broker.port, keepalive=KEEPALIVE_S)
        if isinstance(plug := client.socket(), ssl.SSLSocket):
            met.certificate = plug.getpeercert()
        while time.monotonic() < until and client.loop(0.1) == MQTTErrorCode.MQTT_ERR_SUCCESS:
            if client.is_connected() and (met.refused or (len(met.heard) >= hear and (began[0] or not topics))):
                break
    except (OSError, ValueError) as error:
        met.refused = str(error)
    finally:
        client.disconnect()
        if (open_socket := client.socket()) is not None:
            open_socket.close()
    return met


def prepare(client: paho.Client, broker: Broker) -> None:
    """Tell a client how to log in and whether by TLS."""
    if broker.username is not None:
        client.username_pw_set(broker.username, broker.password)
    if broker.tls:
        client.tls_set(ca_certs=broker.ca_file, tls_version=ssl.PROTOCOL_TLS_CLIENT)


def _topic_of(message: paho.MQTTMessage) -> str:
    try:
        return message.topic
    except UnicodeDecodeError:
        return repr(message._topic)  # noqa: SLF001  # paho keeps the raw bytes only there


class _Token(msgspec.Struct, frozen=True, gc=False):
    """What it takes to acknowledge one delivery; `sent_at` is set when it is a marker we wait for."""

    epoch: int
    mid: int
    qos: int
    sent_at: datetime | None = None
    marker: bool = False


class MqttSource:
    """One lane from one broker. `wake` is called when something arrived; `now` gives the time of receipt.

    `also`: filters of mappings, read beside the native topics; `former`: those the session may still have.
    """

    def __init__(  # one argument per thing the outside hands in
        self,
        broker: Broker,
        station: str,
        lane: Lane,
        *,
        reads: str,
        settle_s: float,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        wake: Callable[[], None],
        also: Sequence[str] = (),
        former: Sequence[str] = (),
    ) -> None:
        self.name = f"mqtt-{lane}"
        self._broker, self._station, self._lane = broker, station, lane
        root = "anxin/v1" if reads == "broker" else f"anxin/v1/{station}"
        # The event lane reads everything, also what has no meaning: a stray message becomes a dead letter, and an
        # alarm that its own lane should miss is still stored (once: by its id).
        levels = "+/+" if reads == "broker" else "+"
        self._topic = f"{root}/#" if lane == "event" else f"{root}/{levels}/alarm"
        self._topics = [self._topic, *also]
        self._former = sorted({*former} - {*self._topics})
        #: Mappings' messages that came before the connection had settled; None once it has.
        self._settling: list[Delivery] | None = None
        self._connected_at = now()
        self._markers = Markers(station, lane, now)
        self._settle_s, self._now, self._monotonic, self._wake = settle_s, now, monotonic, wake
        self._waiting: deque[Delivery] = deque()
        self._held: set[int] = set()
        self._room = threading.Condition()
        self._epoch = 0
        self._next_mark = float("inf")
        self._refused = False
        self._stopping = False
        self._acks: deque[_Token] = deque()
        self._to_say: deque[tuple[str, bytes, int, bool]] = deque(maxlen=100)
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self.connected = False
        self.subscribed = False
        #: Mappings' filters that the broker does not let us read.
        self.denied: list[str] = []
        #: Everything the broker took in before this moment has been handed over and acknowledged.
        self.watermark: datetime | None = None
        #: When anything was last heard from the broker (monotonic seconds).
        self.progressed_at = monotonic()
        self.received = 0
        self.redelivered = 0

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Connect in the background, and again with back-off whenever the connection is lost."""
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye; the session and what waits in it stay with the broker."""
        with self._room:
            self._stopping = True
            self._room.notify_all()
        self._poke()
        self._thread.join(10)
        self._woken.close()
        self._waker.close()

    def _run(self) -> None:
        delay = FIRST_RETRY_S
        while not self._stopping:
            client = self._new_client()
            try:
                client.connect(self._broker.host, self._broker.port, keepalive=KEEPALIVE_S)
                self._pump(client)
            except (OSError, ValueError) as error:
                log.warning("the broker does not answer", source=self.name, error=str(error), again_in_s=delay)
            except Exception:
                log.exception("the connection failed", source=self.name)  # this lane must not die of one packet
            finally:
                if (open_socket := client.socket()) is not None:
                    open_socket.close()
            delay = FIRST_RETRY_S if self.connected else min(delay * 2, LONGEST_RETRY_S)
            self._lost()
            if not self._stopping:
                time.sleep(delay)

    def _new_client(self) -> paho.Client:
        """Return a client for one connection. What it knew of the last one must not be acknowledged on the next."""
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"anxin-{self._station}-{self._lane}",
            clean_session=False,
            protocol=paho.MQTTv311,
            manual_ack=True,
        )
        prepare(client, self._broker)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _pump(self, client: paho.Client) -> None:
        """Drive one connection until it ends: read, acknowledge what was committed, send markers, keep alive.

        Our own loop, not paho's thread, which each acknowledgement would have to wake (docs/benchmarks.md).
        """
        misc_at = 0.0
        with selectors.DefaultSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ)
            selector.register(client.socket(), selectors.EVENT_READ)  # type: ignore[arg-type]  # None only unconnected
            while not self._stopping:
                for key, _ in selector.select(0.2):
                    if key.fileobj is self._woken:
                        self._woken.recv(4096)
                self._acknowledge_waiting(client)
                self._mark_when_due(client)
                while self.subscribed and self._to_say:
                    client.publish(*self._to_say.popleft())
                if not self._read(client):
                    return
                if self._refused or self._fallen_silent():
                    return
                if self._monotonic() >= misc_at:
                    misc_at = self._monotonic() + 1
                    if client.loop_misc() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                        return
                if client.want_write() and client.loop_write() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                    return
            client.disconnect()

    def _read(self, client: paho.Client) -> bool:
        """Read what has arrived, some hundred packets at most; returns False when the connection is over."""
        for _ in range(READ_AT_ONCE):
            before = self.received
            if client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS or client.socket() is None:
                return False
            if self.received == before:  # nothing more, or a packet that is no message: the selector will tell
                return True
        return True

    def _fallen_silent(self) -> bool:
        """A marker is out and nothing at all comes back: the other side is gone, whatever TCP believes."""
        silent = self._markers.are_out and self._monotonic() - self.progressed_at > SILENT_S
        if silent:
            log.warning("the broker has fallen silent; connecting anew", source=self.name)
        return silent

    def _acknowledge_waiting(self, client: paho.Client) -> None:
        acks = self._acks
        while acks:
            token = acks.popleft()
            if token.epoch == self._epoch and token.mid in self._held:
                self._held.discard(token.mid)
                client.ack(token.mid, token.qos)

    def _lost(self) -> None:
        if self.connected and not self._stopping:
            log.warning("the broker is gone; trying again", source=self.name)
        self.connected = self.subscribed = self._refused = False
        self._next_mark = float("inf")

    def _poke(self) -> None:
        with suppress(OSError):  # it is awake already, or stopped
            self._waker.send(b"w")

    # ── the road's side ──────────────────────────────────────────────────────────────────────────────

    @property
    def backlog(self) -> int:
        """Messages handed over by the broker and not yet taken."""
        return len(self._waiting)

    def take(self, limit: int) -> list[Delivery]:
        """Return at most `limit` waiting deliveries, oldest first, without waiting."""
        taken: list[Delivery] = []
        waiting = self._waiting
        while waiting and len(taken) < limit:
            taken.append(waiting.popleft())
        if taken:
            with self._room:
                self._room.notify_all()
        return taken

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Tell the broker that these are committed. Those of an earlier connection come again and are duplicates."""
        for delivery in deliveries:
            token: _Token = delivery.token
            if token.sent_at is not None:
                self.watermark = max(token.sent_at, self.watermark or token.sent_at)
            if token.qos:
                self._acks.append(token)
        self._poke()

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish something of the gateway's own as soon as the broker is there."""
        self._to_say.append((topic, payload, 1, retain))
        self._poke()

    def is_marker(self, delivery: Delivery) -> bool:
        """Say whether a delivery is one of our own markers, which carries no report."""
        token: _Token = delivery.token
        return token.marker

    def _mark_when_due(self, client: paho.Client) -> None:
        """Send the next marker when it is time.

        A marker travels through the broker behind everything it holds for us, redeliveries included once
        `settle_s` has passed since we connected: when it is back and acknowledged, what was there before it is too.
        """
        if not self.subscribed or self._monotonic() < self._next_mark:
            return
        self._let_settle()
        self._next_mark = self._monotonic() + MARK_EVERY_S
        client.publish(self._markers.topic, self._markers.next(), qos=1)

    def _let_settle(self) -> None:
        """Hand over what was held back, in the order in which it was said."""
        held, self._settling = self._settling or [], None
        self._waiting.extend(in_order(held, self._connected_at))
        self._wake()

    # ── paho's callbacks, on the network thread; nothing here may raise ──────────────────────────────

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            log.warning("the broker refuses us", source=self.name, reason=str(reason))
            return
        self._epoch += 1
        self._held.clear()
        self._markers.forget()
        self.connected = True
        self.progressed_at = self._monotonic()
        self._settling, self._connected_at = [] if len(self._topics) > 1 else None, self._now()
        log.info("connected to the broker", source=self.name, topics=self._topics)
        if self._former:
            client.unsubscribe(self._former)
        client.subscribe([(topic, 1) for topic in self._topics])

    def _on_subscribe(self, _client: paho.Client, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        self.denied = [topic for topic, reason in zip(self._topics, reasons, strict=False) if reason.is_failure]
        if self.denied:
            log.error("the broker refuses the subscription", source=self.name, topics=self.denied)
        self._refused = self._topic in self.denied  # what devices say natively does not wait for a mapping's
        self.subscribed = not self._refused
        self._next_mark = self._monotonic() + self._settle_s

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        self.progressed_at = self._monotonic()
        self.received += 1
        if message.qos:
            if message.mid in self._held:
                self.redelivered += 1  # the broker ran out of patience; we still have it
                return
            self._held.add(message.mid)
        topic, payload = _topic_of(message), bytes(message.payload)
        marker, sent_at = self._markers.look(topic, payload)
        token = _Token(self._epoch, message.mid, message.qos, sent_at, marker)
        delivery = Delivery(self.name, topic, payload, self._now(), token, message.retain, message.dup)
        if self._settling is not None and not topic.startswith("anxin/v1/") and len(self._settling) < MOST_HELD:
            self._settling.append(delivery)
        else:
            self._waiting.append(delivery)
            self._wake()
        if len(self._waiting) >= MOST_HELD:
            with self._room:
                while len(self._waiting) >= MOST_HELD and not self._stopping:
                    self._room.wait(1.0)
