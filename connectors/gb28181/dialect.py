"""What the editions of 2016 and 2022 say differently. Most county platforms speak 2016."""

from __future__ import annotations

from typing import Literal, NamedTuple

Edition = Literal["2016", "2022"]


class Dialect(NamedTuple):
    """How one edition speaks."""

    edition: Edition
    #: Declared; what is spoken is GB18030, which holds all of GB2312.
    charset: str
    #: Of X-GB-Ver.
    version: str


DIALECTS: dict[Edition, Dialect] = {
    "2016": Dialect("2016", "GB2312", "2.0"),
    "2022": Dialect("2022", "GB18030", "3.0"),
}
