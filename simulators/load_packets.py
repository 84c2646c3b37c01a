"""The few MQTT 3.1.1 packets a publisher needs, written and read by hand because that is cheapest."""

from typing import NamedTuple

CONNECT = 0x10
CONNACK = 0x20
PUBLISH_QOS1 = 0x32
PUBACK = 0x40
PINGREQ = 0xC0
PINGRESP = 0xD0
DISCONNECT = 0xE0
DUP = 0x08

PING = bytes((PINGREQ, 0))
PONG = bytes((PINGRESP, 0))
GOODBYE = bytes((DISCONNECT, 0))

_PROTOCOL = b"\x00\x04MQTT\x04"
_CLEAN_SESSION_USERNAME_PASSWORD = 0xC2
_LONGEST_LENGTH_BYTES = 4
_ID_BYTES = 2
_SEVEN_BITS, _MORE = 0x7F, 0x80


class ProtocolError(ConnectionError):
    """The other side sent something that is no MQTT 3.1.1, or refused the login."""


class Packet(NamedTuple):
    """A received packet: its first byte (type and flags) and what follows the length."""

    first: int
    body: bytes


class Publish(NamedTuple):
    """What a QoS 1 PUBLISH says."""

    topic: str
    packet_id: int
    payload: bytes
    dup: bool


def connect_packet(client_id: str, username: str, password: str, keepalive_s: int) -> bytes:
    """Write a CONNECT with a clean session and no last will."""
    body = b"".join(
        (
            _PROTOCOL,
            bytes((_CLEAN_SESSION_USERNAME_PASSWORD,)),
            keepalive_s.to_bytes(2, "big"),
            *map(_text, (client_id, username, password)),
        )
    )
    return bytes((CONNECT,)) + _length(len(body)) + body


def publish_packet(topic: bytes, packet_id: int, payload: bytes, *, dup: bool = False) -> bytes:
    """Write a QoS 1 PUBLISH; `dup` marks one that may have arrived before."""
    length = 2 + len(topic) + _ID_BYTES + len(payload)
    first = PUBLISH_QOS1 | DUP if dup else PUBLISH_QOS1
    return b"%c%b%b%b%b%b" % (
        first,
        _length(length),
        len(topic).to_bytes(2, "big"),
        topic,
        packet_id.to_bytes(2, "big"),
        payload,
    )


def connack_packet(code: int = 0) -> bytes:
    """Write a CONNACK, as a broker does; 0 accepts."""
    return bytes((CONNACK, 2, 0, code))


def puback_packet(packet_id: int) -> bytes:
    """Write a PUBACK, as a broker does."""
    return bytes((PUBACK, 2)) + packet_id.to_bytes(2, "big")


def read_publish(packet: Packet) -> Publish:
    """Read a QoS 1 PUBLISH, as a broker does."""
    end = 2 + int.from_bytes(packet.body[:2], "big")
    return Publish(
        topic=packet.body[2:end].decode(),
        packet_id=int.from_bytes(packet.body[end : end + _ID_BYTES], "big"),
        payload=packet.body[end + _ID_BYTES :],
        dup=bool(packet.first & DUP),
    )


class PacketReader:
    """Cuts a byte stream into packets, however TCP happened to slice it."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Packet]:
        """Take more bytes, return the packets they complete; raises ProtocolError on a broken length."""
        stream = self._rest + data if self._rest else data
        packets = []
        start, size = 0, len(stream)
        while True:
            length, at, shift = 0, start + 1, 0
            while at < size and stream[at] & _MORE:
                length |= (stream[at] & _SEVEN_BITS) << shift
                shift += 7
                at += 1
                if at - start > _LONGEST_LENGTH_BYTES:
                    raise ProtocolError("a remaining length of more than four bytes")
            if at >= size:
                break
            length |= stream[at] << shift
            end = at + 1 + length
            if end > size:
                break
            packets.append(Packet(stream[start], stream[at + 1 : end]))
            start = end
        self._rest = stream[start:]
        return packets


def _text(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw


def _length(length: int) -> bytes:
    """Write a remaining length: seven bits a byte, lowest first."""
    written = bytearray()
    while length > _SEVEN_BITS:
        written.append(length & _SEVEN_BITS | _MORE)
        length >>= 7
    written.append(length)
    return bytes(written)
