"""The 20 digits that name everything in GB/T 28181 (annex E): centre 8, industry 2, type 3, network 1, serial 6."""

from __future__ import annotations

from typing import NamedTuple

from gateway.model.errors import Misconfigured

DIGITS = 20
#: Types we speak of.
ALARM_HOST, CAMERA, IP_CAMERA, ALARM_INPUT, PLATFORM = "117", "131", "132", "134", "200"
BUSINESS_GROUP, ORGANISATION = "215", "216"
DOOR_CONTROLLER_2022, DOOR_2022, READER_2022 = "124", "142", "143"


class Code(NamedTuple):
    """A code in its parts."""

    centre: str
    industry: str
    type: str
    network: str
    serial: str

    def __str__(self) -> str:
        return "".join(self)


def read_code(text: str, what: str = "code") -> Code:
    """Return a code in its parts. Raises `Misconfigured`, naming `what` it is."""
    if not is_code(text):
        raise Misconfigured(f"{what} {text!r}: a GB/T 28181 code has exactly {DIGITS} digits")
    return Code(text[:8], text[8:10], text[10:13], text[13], text[14:])


def is_code(text: str) -> bool:
    """Say whether this is a code by its form."""
    return len(text) == DIGITS and text.isascii() and text.isdigit()


def domain_of(server: str) -> str:
    """Return the SIP domain of a server: the first ten digits of its code."""
    return server[:10]
