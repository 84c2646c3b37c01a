"""RTP for H.264 (RFC 3550, RFC 6184 packetisation mode 1): single NAL units and FU-A, and sender reports."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator, Sequence

from simulators.camera.reel import Reel

PAYLOAD = 96
CLOCK = 90_000
_LARGEST = 1400
_FU_A = 28
#: Seconds from 1900, where NTP begins, to 1970.
_NTP = 2_208_988_800


class Packets:
    """One receiver's stream of packets. `base` is added to its timestamps, as RFC 3550 wants them to begin anywhere."""

    def __init__(self, ssrc: int, sequence: int, base: int) -> None:
        self.ssrc, self.sequence, self._base = ssrc, sequence & 0xFFFF, base
        self._sent = self._octets = 0

    def stamp(self, seconds: float) -> int:
        """Return the timestamp of a moment on the stream's own clock."""
        return (self._base + round(seconds * CLOCK)) & 0xFFFFFFFF

    def of(self, nals: Sequence[bytes], seconds: float) -> Iterator[bytes]:
        """Yield the packets of one picture; the last carries the marker."""
        payloads = [payload for nal in nals for payload in _payloads(nal)]
        stamp = self.stamp(seconds)
        for number, payload in enumerate(payloads):
            marker = 0x80 if number == len(payloads) - 1 else 0
            yield struct.pack("!BBHII", 0x80, PAYLOAD | marker, self.sequence, stamp, self.ssrc) + payload
            self.sequence = (self.sequence + 1) & 0xFFFF
            self._sent += 1
            self._octets += len(payload)

    def report(self, unix: float, seconds: float) -> bytes:
        """Return a sender report with our name: at `unix` seconds, the stream's clock showed `seconds`."""
        whole, part = int(unix + _NTP) & 0xFFFFFFFF, int(unix % 1 * (1 << 32))
        counts = (self._sent & 0xFFFFFFFF, self._octets & 0xFFFFFFFF)
        told = struct.pack("!BBHIIIIII", 0x80, 200, 6, self.ssrc, whole, part, self.stamp(seconds), *counts)
        name = b"camera"
        items = struct.pack("!BB", 1, len(name)) + name
        items += bytes(4 - len(items) % 4)
        return told + struct.pack("!BBHI", 0x81, 202, 1 + len(items) // 4, self.ssrc) + items


def _payloads(nal: bytes) -> Iterator[bytes]:
    if len(nal) <= _LARGEST:
        yield nal
        return
    indicator, kind = (nal[0] & 0xE0) | _FU_A, nal[0] & 0x1F
    for at in range(1, len(nal), _LARGEST - 2):
        part = nal[at : at + _LARGEST - 2]
        start = 0x80 if at == 1 else 0
        end = 0x40 if at + len(part) == len(nal) else 0
        yield bytes((indicator, start | end | kind)) + part


def description(reel: Reel, host: str, name: str) -> bytes:
    """Return the SDP (RFC 4566, RFC 6184) of a film that is played for ever."""
    sets = ",".join(base64.b64encode(nal).decode() for nal in (reel.sps, reel.pps))
    profile = reel.sps[1:4].hex().upper()
    lines = [
        "v=0",
        f"o=- 0 0 IN IP4 {host}",
        f"s={name}",
        f"c=IN IP4 {host}",
        "t=0 0",
        "a=control:*",
        "a=range:npt=now-",
        f"m=video 0 RTP/AVP {PAYLOAD}",
        f"a=rtpmap:{PAYLOAD} H264/{CLOCK}",
        f"a=fmtp:{PAYLOAD} packetization-mode=1; profile-level-id={profile}; sprop-parameter-sets={sets}",
        f"a=framerate:{reel.fps:g}",
        f"a=framesize:{PAYLOAD} {reel.width}-{reel.height}",
        "a=control:trackID=0",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()
