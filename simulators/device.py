"""One MQTT connection: it says who it is, buffers what it has to say, and says it until the broker has it."""

import itertools
import json
import logging
import random
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector
from typing import TYPE_CHECKING, Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from simulators.credentials import Credentials
from simulators.events import CHINA, Event, IdMaker, Value, timestamp

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike  # paho defines it for type checkers only

log = logging.getLogger(__name__)

KEEPALIVE_S = 30
CONNECT_TIMEOUT_S = 2.0
FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 8.0
STABLE_AFTER_S = 5.0
BUFFER_LIMIT = 1000


class Parcel(NamedTuple):
    """What waits for the broker's PUBACK."""

    topic: str
    payload: bytes
    retain: bool


class Device:
    """A device with its own login, its own buffer and its own back-off; a Fleet drives it, it has no thread.

    What it reports stays in the buffer until the broker's PUBACK, across any number of connections, always
    under the same event id. A gateway also says what the devices behind it have to say.

    Each connection is a new paho client: paho would otherwise also resend an old connection's status, and the
    broker would retain a session that is long over.
    """

    def __init__(
        self,
        device_id: str,
        credentials: Credentials,
        *,
        zone: tzinfo = CHINA,
        battery: int = 87,
        announces: bool = True,
        client_id: str | None = None,
        hears: Mapping[str, Callable[[bytes], None]] | None = None,
    ) -> None:
        """Prepare, don't connect yet.

        `zone` is what `ts` is written in, `battery` a percentage. A device that doesn't announce publishes
        events only, no status and no last will. `hears` says what becomes of messages on topics it listens to.
        Raises CredentialsError when there is no login for it.
        """
        self.id = device_id
        self.acked = 0
        self.lost = 0
        self.online = False
        self._credentials = credentials
        self._login = credentials.login(device_id)
        self._client_id = client_id or f"{credentials.station}-{device_id}"
        self._zone = zone
        self._battery = battery
        self._announces = announces
        self._hears = dict(hears or {})
        self._ids = IdMaker()
        self._numbers = itertools.count()
        self._unacked: dict[int, Parcel] = {}
        self._number_of: dict[int, int] = {}
        self._held_off = False
        self._client: mqtt.Client | None = None
        self._session = ""
        self._retry_at = 0.0
        self._backoff_s = FIRST_BACKOFF_S
        self._online_since = 0.0
        self._refusal = ""

    @property
    def waiting(self) -> int:
        """How many messages the broker hasn't acknowledged yet."""
        return len(self._unacked)

    @property
    def held_off(self) -> bool:
        """Whether it was cut off and not mended."""
        return self._held_off

    def topic(self, lane: str, device: str | None = None) -> str:
        """Return the topic of a lane: `event`, `alarm` or `status`, of a device behind it or of itself."""
        return f"anxin/v1/{self._credentials.station}/{device or self.id}/{lane}"

    def report(
        self,
        kind: str,
        data: Mapping[str, Value] | None = None,
        *,
        ts: str | None = None,
        event_id: str | None = None,
    ) -> Event:
        """Say something: at once when online, else as soon as the broker is back. Returns the event.

        `ts` (RFC 3339) and `event_id` default to now and a new ULID. A full buffer forgets its oldest event,
        as firmware does, and counts it in `lost`.
        """
        event = Event(
            id=event_id or self._ids.next(),
            ts=ts or timestamp(datetime.now(self._zone)),
            kind=kind,
            data=data or {},
        )
        self.say(self.topic(event.lane), event.payload())
        return event

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish, for itself or for a device behind it: now when online, and until the broker has it."""
        if len(self._unacked) >= BUFFER_LIMIT:
            self._unacked.pop(next(iter(self._unacked)))
            self.lost += 1
            log.warning("%s: buffer full, the oldest message is lost (%d so far)", self.id, self.lost)
        number = next(self._numbers)
        self._unacked[number] = Parcel(topic, payload, retain)
        if self.online:
            self._publish(number)

    def cut(self) -> None:
        """Lose the connection as by a power cut, without a goodbye, and stay away until `mend`."""
        self._held_off = True
        client = self._client
        sock = client.socket() if client is not None else None
        if client is None or not isinstance(sock, socket.socket):
            return
        sock.shutdown(socket.SHUT_RDWR)
        client.loop_read()  # it reads the end, and tells `_on_disconnect`
        if self._client is client:
            self._fall_back(client)

    def mend(self) -> None:
        """Come back: connect at the next opportunity."""
        self._held_off = False
        self._retry_at = 0.0

    def due_to_connect(self, now: float) -> bool:
        """Say whether a Fleet should call `connect`; `now` is monotonic seconds."""
        return self._client is None and not self._held_off and now >= self._retry_at

    def connect(self, selector: BaseSelector) -> None:
        """Open a connection with a new session; a broker that isn't there only makes it wait longer."""
        self._session = secrets.token_hex(6)
        client = self._new_client(selector)
        self._client = client
        try:
            client.connect(self._credentials.host, self._credentials.port, KEEPALIVE_S)
        except OSError as error:
            log.debug("%s: can't connect: %s", self.id, error)
            self._fall_back(client)

    def serve(self, mask: int) -> None:
        """Read or write what the selector says can be read or written."""
        if self._client is not None and mask & EVENT_READ:
            self._client.loop_read()
        if self._client is not None and mask & EVENT_WRITE:
            self._client.loop_write()

    def tick(self) -> None:
        """Keep the connection alive, and notice a broker that has stopped answering; once a second."""
        if self._client is not None:
            self._client.loop_misc()

    def disconnect(self) -> None:
        """Say goodbye, so that the last will isn't published."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_write()

    def _new_client(self, selector: BaseSelector) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, self._client_id, clean_session=True, protocol=mqtt.MQTTv311)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages = 0  # no limit of paho's; the buffer is the limit
        client.username_pw_set(self._login.username, self._login.password)
        if self._announces:
            client.will_set(self.topic("status"), self._status(online=False), qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        self._watch_socket(client, selector)
        return client

    def _watch_socket(self, client: mqtt.Client, selector: BaseSelector) -> None:
        def on_open(_client: mqtt.Client, _userdata: object, sock: "SocketLike") -> None:
            selector.register(sock, EVENT_READ, self)

        def on_close(_client: mqtt.Client, _userdata: object, sock: "SocketLike") -> None:
            selector.unregister(sock)

        def on_something_to_write(_client: mqtt.Client, _userdata: object, sock: "SocketLike") -> None:
            selector.modify(sock, EVENT_READ | EVENT_WRITE, self)

        def on_all_written(_client: mqtt.Client, _userdata: object, sock: "SocketLike") -> None:
            selector.modify(sock, EVENT_READ, self)

        client.on_socket_open = on_open
        client.on_socket_close = on_close
        client.on_socket_register_write = on_something_to_write
        client.on_socket_unregister_write = on_all_written

    def _status(self, *, online: bool) -> bytes:
        status: dict[str, Any] = {"session": self._session, "online": online}
        if online:
            status["battery"] = self._battery
        return json.dumps(status).encode()

    def _on_connect(
        self, client: mqtt.Client, _userdata: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            if str(reason) != self._refusal:
                log.warning("%s: the broker refuses the login: %s", self.id, reason)
            self._refusal = str(reason)
            return
        self._refusal = ""
        self.online = True
        self._online_since = time.monotonic()
        if self._announces:
            client.publish(self.topic("status"), self._status(online=True), qos=1, retain=True)
        for topic in self._hears:
            client.subscribe(topic, qos=1)
        for number in self._unacked:
            self._publish(number)

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        hear = self._hears.get(message.topic)
        if hear is not None:
            hear(bytes(message.payload))

    def _on_disconnect(
        self,
        client: mqtt.Client,
        _userdata: object,
        _flags: object,
        _reason: ReasonCode,
        _properties: object,
    ) -> None:
        self._fall_back(client)

    def _on_publish(
        self, client: mqtt.Client, _userdata: object, mid: int, _reason: ReasonCode, _properties: object
    ) -> None:
        if client is not self._client:
            return
        number = self._number_of.pop(mid, None)
        if number in self._unacked:
            del self._unacked[number]
            self.acked += 1

    def _publish(self, number: int) -> None:
        if self._client is not None:
            topic, payload, retain = self._unacked[number]
            sent = self._client.publish(topic, payload, qos=1, retain=retain)
            self._number_of[sent.mid] = number

    def _fall_back(self, client: mqtt.Client) -> None:
        if client is not self._client:
            return
        now = time.monotonic()
        if self.online and now - self._online_since >= STABLE_AFTER_S:
            self._backoff_s = FIRST_BACKOFF_S
        # Jitter, so that a whole station doesn't knock at once when the broker is back.
        self._retry_at = now + random.uniform(0.5, 1.0) * self._backoff_s
        self._backoff_s = min(2 * self._backoff_s, LONGEST_BACKOFF_S)
        self.online = False
        self._client = None
        self._number_of.clear()
