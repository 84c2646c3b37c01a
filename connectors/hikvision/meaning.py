"""What notices mean: which of our events, begun and ended, each episode once.

A camera repeats a notice about once a second while it lasts, and often forgets to say that it is over: an episode has
ended with `inactive`, or when nothing has been said of it for `SILENT_S`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from connectors.hikvision.decode import Notice

#: After so long without a word an episode is over, seconds.
SILENT_S = 5.0
#: What rules count is said again so often, seconds.
AGAIN_S = 20.0
#: A camera's clock is believed when it differs by less.
BELIEVED = timedelta(minutes=5)
MOST_EPISODES = 256


class Said(NamedTuple):
    """An event to be said: of which channel, when (aware), and whether a picture goes with it."""

    channel: int
    kind: str
    at: datetime
    data: dict[str, Any]
    begins: bool


class Meaning(NamedTuple):
    """What an event type becomes.

    `lasts`: it has an end that rules want to hear of, as `data.state`. `again`: rules count how often it is seen, so it
    is said every `AGAIN_S` while it lasts.
    """

    kind: str
    data: Mapping[str, Any] = {}
    lasts: tuple[str, str] | None = None
    again: bool = False


_ON_OFF = ("on", "off")
#: By event type in lower case. The camera judges by limits of its own, so data says none that it did not tell.
MEANINGS: dict[str, Meaning] = {
    "vmd": Meaning("motion.detected"),
    "pir": Meaning("motion.detected"),
    "linedetection": Meaning("camera.intrusion", {"by": "line"}),
    "fielddetection": Meaning("camera.intrusion", {"by": "field"}),
    "regionentrance": Meaning("camera.intrusion", {"by": "entrance"}),
    "regionexiting": Meaning("camera.person", {"by": "exit"}),
    "loitering": Meaning("camera.loitering"),
    "group": Meaning("camera.crowding", again=True),
    "persondensitydetection": Meaning("camera.crowding", again=True),
    "parking": Meaning("camera.parked", {"zone": "no_parking"}, ("parked", "left")),
    "channeloccupy": Meaning("camera.parked", {"zone": "fire_lane"}, ("parked", "left")),
    "objectsthrowndetection": Meaning("camera.falling_object"),
    "shelteralarm": Meaning("camera.tamper", {"reason": "covered"}, _ON_OFF),
    "tamperdetection": Meaning("camera.tamper", {"reason": "covered"}, _ON_OFF),
    "scenechangedetection": Meaning("camera.tamper", {"reason": "moved"}, _ON_OFF),
    "defocus": Meaning("camera.tamper", {"reason": "defocused"}, _ON_OFF),
    "videoloss": Meaning("camera.tamper", {"reason": "lost"}, _ON_OFF),
    "smokedetection": Meaning("camera.smoke", again=True),
    "firedetection": Meaning("camera.smoke", {"flames": True}, again=True),
    "unattendedbaggage": Meaning("camera.left_object"),
    "attendedbaggage": Meaning("camera.removed_object"),
    **{
        kind: Meaning("device.fault", {"what": kind})
        for kind in ("diskfull", "diskerror", "nicbroken", "ipconflict", "illaccess", "badvideo", "recordingfailure")
    },
}
#: Never taken, whatever a camera is set to: who somebody is is not judged here. `io` are wires of the camera's own.
IGNORED = frozenset({"facedetection", "facecapture", "facesnap", "anpr", "io", "heartbeat"})


class _Episode(NamedTuple):
    heard_at: float
    said_at: float
    began: datetime


class Episodes:
    """Which notices go on. Time is handed in: `monotonic` seconds, `now` aware. `unknown` counts types nobody maps.

    `parked_s`, `loitered_s`: after how long the camera is set to call it that; it does not say so itself.
    """

    def __init__(self, parked_s: float, loitered_s: float) -> None:
        self._parked_s, self._loitered_s = parked_s, loitered_s
        self._going_on: dict[tuple[int, str, int | None], _Episode] = {}
        self.unknown: dict[str, int] = {}

    def hear(self, notice: Notice, monotonic: float, now: datetime) -> list[Said]:
        """Return what a notice adds: a beginning, an end, usually nothing."""
        meaning = MEANINGS.get(notice.kind)
        if meaning is None:
            if notice.kind not in IGNORED and len(self.unknown) < MOST_EPISODES:
                self.unknown[notice.kind] = self.unknown.get(notice.kind, 0) + 1
            return []
        key = (notice.channel, notice.kind, notice.region)
        before = self._going_on.get(key)
        at = notice.at if notice.at is not None and abs(notice.at - now) < BELIEVED else now
        if not notice.active:
            return [] if before is None else self._end(key, at)
        if before is None and len(self._going_on) >= MOST_EPISODES:
            return []
        if before is None:
            self._going_on[key] = _Episode(monotonic, monotonic, at)
            return [self._begin(notice, meaning, at)]
        is_due = meaning.again and monotonic - before.said_at >= AGAIN_S
        self._going_on[key] = before._replace(heard_at=monotonic, said_at=monotonic if is_due else before.said_at)
        return [self._begin(notice, meaning, at)._replace(begins=False)] if is_due else []

    def fall_silent(self, monotonic: float, now: datetime) -> list[Said]:
        """Return the ends of what nothing has been said of for long; ask about once a second."""
        over = [key for key, one in self._going_on.items() if monotonic - one.heard_at > SILENT_S]
        return [said for key in over for said in self._end(key, now)]

    def _begin(self, notice: Notice, meaning: Meaning, at: datetime) -> Said:
        data: dict[str, Any] = dict(meaning.data)
        for name in ("region", "target", "people"):
            if (value := getattr(notice, name)) is not None:
                data[name] = value
        if notice.box is not None:
            data["box"] = [round(side, 4) for side in notice.box]
        if meaning.lasts is not None:
            data["state"] = meaning.lasts[0]
        if meaning.kind == "camera.parked":
            data["parked_s"] = self._parked_s
        if meaning.kind == "camera.loitering":
            data["dwell_s"] = self._loitered_s
        return Said(notice.channel, meaning.kind, at, data, begins=True)

    def _end(self, key: tuple[int, str, int | None], at: datetime) -> list[Said]:
        episode = self._going_on.pop(key)
        channel, kind, region = key
        meaning = MEANINGS[kind]
        if meaning.lasts is None:
            return []
        data: dict[str, Any] = {**meaning.data, "state": meaning.lasts[1]}
        if region is not None:
            data["region"] = region
        if meaning.kind == "camera.parked":
            data["parked_s"] = round(self._parked_s + max((at - episode.began).total_seconds(), 0.0))
        return [Said(channel, meaning.kind, max(at, episode.began), data, begins=False)]
