"""A film taken apart into access units, as a camera's encoder would hand them to its network side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av

_TYPE = 0x1F
_SPS, _PPS, _AUD = 7, 8, 9


class Unit(NamedTuple):
    """One coded picture: its NAL units without start codes, and when it is due, in seconds from the film's start."""

    nals: tuple[bytes, ...]
    s: float
    key: bool


class Reel(NamedTuple):
    """A film. `seconds`: until it begins again. Parameter sets go before each keyframe, so that anybody may join."""

    units: tuple[Unit, ...]
    seconds: float
    width: int
    height: int
    fps: float
    sps: bytes
    pps: bytes


class NoFilm(ValueError):
    """The file is no MP4 with H.264; the text says what it is."""


def read_reel(path: Path) -> Reel:
    """Read an MP4 file with H.264. Raises NoFilm, or OSError when it can't be read."""
    try:
        with av.open(str(path)) as film:
            stream = film.streams.video[0]
            context = stream.codec_context
            if context.name != "h264" or not context.extradata or context.extradata[0] != 1:
                raise NoFilm(f"{path}: this serves H.264 in MP4 only, not {context.name} in {film.format.name}")
            sps, pps, size = _configuration(context.extradata)
            rate = float(stream.average_rate or 25)
            units = []
            for packet in film.demux(stream):
                if packet.pts is not None and packet.size:
                    nals = tuple(nal for nal in _split(bytes(packet), size) if nal[0] & _TYPE not in {_SPS, _PPS, _AUD})
                    before = (sps, pps) if packet.is_keyframe else ()
                    units.append(Unit((*before, *nals), float(packet.pts * packet.time_base), bool(packet.is_keyframe)))
            width, height = stream.width, stream.height
    except (av.error.InvalidDataError, IndexError) as error:
        raise NoFilm(f"{path} is no film: {error}") from error
    if not units or not units[0].key:
        raise NoFilm(f"{path} holds no picture, or does not begin with a keyframe")
    start = units[0].s
    placed = tuple(unit._replace(s=unit.s - start) for unit in units)
    return Reel(placed, placed[-1].s + 1 / rate, width, height, rate, sps, pps)


def _configuration(record: bytes) -> tuple[bytes, bytes, int]:
    """Read the first parameter sets and the length of lengths (ISO/IEC 14496-15, AVCDecoderConfigurationRecord)."""
    size = (record[4] & 3) + 1
    length = int.from_bytes(record[6:8], "big")
    sps = record[8 : 8 + length]
    at = 8 + length + 1
    length = int.from_bytes(record[at : at + 2], "big")
    return sps, record[at + 2 : at + 2 + length], size


def _split(data: bytes, size: int) -> Iterator[bytes]:
    at = 0
    while at + size < len(data):
        length = int.from_bytes(data[at : at + size], "big")
        yield data[at + size : at + size + length]
        at += size + length
