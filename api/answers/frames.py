"""What the live stream sends."""

from __future__ import annotations

from pydantic import Field

from api.answers.alerts import Alert
from api.answers.documented import Answer
from api.answers.incidents import Incident
from api.answers.pictures import PictureCame
from api.answers.quiet import Flood, Shelf


class Position(Answer):
    """Where the stream is: the number of the newest change."""

    position: int


class Frames(Answer):
    """The `data` of each kind of frame of `/api/v1/stream`, by its `event`."""

    hello: Position = Field(description="the first frame of a new connection: fetch the lists after it")
    reset: Position = Field(description="the position asked for is no longer kept: fetch the lists anew")
    heartbeat: Position = Field(description="every 15 s; after 40 s without a frame the connection is dead")
    alert: Alert
    work_item: Alert
    incident: Incident
    shelf: Shelf
    flood: Flood
    picture: PictureCame
