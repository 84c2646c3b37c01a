"""The demo's opening: what a visitor sees in the first two minutes, written as a schedule around a moment."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from simulators.events import Value
from simulators.life import doors
from simulators.life.cameras import parked, track
from simulators.life.entrances import back_doors
from simulators.life.message import HOUR_MS, MINUTE_MS, SECOND_MS, Said
from simulators.site_file import DeviceEntry, Resident, Site

DENIED_AT_S = (20.0, 27.0, 36.0, 49.0, 61.0, 74.0)
"""Six refused swipes within a minute, at uneven moments, as a person tries a card that isn't theirs."""
USUAL_LIMIT_S = 86_400.0
"""How long an elder may be silent whose file sets no limit."""
SILENT_AFTER_MS = 6 * HOUR_MS
QUIET_MS = 15 * MINUTE_MS
"""So long before and after, the scene's devices do nothing else, and nobody makes ordinary trouble."""
TROUBLE = frozenset({"door.denied", "door.held", "camera.parked"})


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing is heard of a person and their flat between two moments (milliseconds of Unix time), both excluded."""

    person: str
    place: str
    since: int
    until: int


class Opening:
    """The scene for a site and a moment (milliseconds of Unix time); what a site lacks is left out."""

    def __init__(self, site: Site, seed: int, at: int) -> None:
        self.at = at
        self.silences: list[Silence] = []
        self.down: list[tuple[str, int, int]] = []
        self._dice = random.Random(f"{seed}/opening")
        self._site = site
        self.said = sorted(self._scene())
        self._hubs = {device.id: device.via for device in site.devices}
        self.devices = {said.device for said in self.said} | {
            device.id for device in site.devices if device.place.id in {one.place for one in self.silences}
        }
        self.persons = {said.who for said in self.said if said.who}
        self._cut_a_gateway()

    def involves(self, device: str) -> bool:
        """Say whether the scene needs a device, or a gateway that one of its devices is behind."""
        return device in self.devices or any(self._hubs[one] == device for one in self.devices)

    def forbids(self, said: Said, place: str) -> bool:
        """Say whether an ordinary event at a place would disturb the scene."""
        if abs(said.ts - self.at) < QUIET_MS and (said.device in self.devices or said.kind in TROUBLE):
            return True
        return any(
            one.since < said.ts < one.until and (said.who == one.person or place == one.place) for one in self.silences
        )

    def _scene(self) -> Iterator[Said]:
        site = self._site
        for button in site.find("school_button")[:1]:
            # It stays pressed: somebody has to go there.
            yield self._says(8, button, "alarm.pressed", {"point": "gatehouse"})
        yield from self._silent_elders()
        asleep = {one.place for one in self.silences}
        homes = {resident.place: resident.id for resident in site.residents}
        calling = [sos for sos in site.find("sos_button") if sos.place.id in homes and sos.place.id not in asleep]
        for sos in calling[-1:]:
            yield self._says(15, sos, "alarm.pressed", {"point": "bedside"}, homes[sos.place.id])
            yield self._says(95, sos, "alarm.reset", {"point": "bedside"}, homes[sos.place.id])
        stockrooms = site.find("door_controller", "restricted_door") or site.find("door_controller", "mall")
        for stockroom in stockrooms[:1]:
            for moment in DENIED_AT_S:
                yield self._says(moment, stockroom, "door.denied", {"direction": "in", "credential": "card:0bad0bad"})
        backs = back_doors(site)
        for back in backs[:1]:
            # Somebody moves furniture: held open, closed again. Harmless.
            yield self._says(-0.5, back, "door.granted", {"direction": "out", "credential": "card:3c1d3c1d"})
            yield self._says(0.5, back, "door.opened", {"direction": "out"})
            yield self._says(60.5, back, "door.held", {"held_s": 60})
            yield self._says(112, back, "door.closed")
        for back in backs[1:][-1:]:
            yield self._says(52, back, "door.forced")
            yield self._says(52.4, back, "door.opened")
            yield self._says(118, back, "door.closed")
        yield from self._seen_by_cameras()
        for screen in [one for one in site.find("screen") if one.place.kind != "shop"][:1]:
            yield self._says(85, screen, "device.tamper")

    def _seen_by_cameras(self) -> Iterator[Said]:
        high = self._site.find("camera", "building") or self._site.find("camera")
        for camera in high[:1]:
            yield self._says(33, camera, "camera.falling_object", {"floor_estimate": 9, "track": track(self._dice)})
        lanes = [*self._site.find("camera", "mall"), *high[1:], *self._site.find("camera")]
        for camera in [one for one in lanes if one not in high[:1]][:1]:
            seen = track(self._dice)
            yield self._says(-140, camera, "camera.parked", dict(parked("fire_lane", "parked", 60, seen)))
            yield self._says(40, camera, "camera.parked", dict(parked("fire_lane", "parked", 240, seen)))
            yield self._says(101, camera, "camera.parked", dict(parked("fire_lane", "left", 301, seen)))

    def _silent_elders(self) -> Iterator[Said]:
        """Let two elders' limits run out; the first stays silent, the second opens her door."""
        first = self._elder("motion", ())
        if first is None:
            return
        second = self._elder("meter", (first,)) or self._elder("motion", (first,))
        for elder, runs_out_s in ((first, 45), (second, 75)):
            if elder is None:
                continue
            last = self.at + runs_out_s * SECOND_MS - int((elder.silence_limit_s or USUAL_LIMIT_S) * SECOND_MS)
            kit = {device.kind: device for device in self._site.devices if device.place.id == elder.place}
            sensor = kit.get("meter") or kit["motion"]
            what = ("meter.pulse", {"litres": 6}) if sensor.kind == "meter" else ("motion.detected", {})
            yield Said(last, sensor.id, *what, self._dice.getrandbits(80), elder.id)
            if elder is first:
                self.silences.append(Silence(elder.id, elder.place, last, self.at + SILENT_AFTER_MS))
                continue
            back = self.at + 105 * SECOND_MS
            self.silences.append(Silence(elder.id, elder.place, last, back))
            if "door_contact" in kit:
                yield from doors.ajar(self._dice, back, kit["door_contact"].id, elder.id)

    def _elder(self, sensor: str, taken: tuple[Resident, ...]) -> Resident | None:
        """Return the elder with this sensor whose limit is shortest; whoever has a button may have to press it."""
        has = {device.place.id for device in self._site.find(sensor, "flat")}
        button = {device.place.id for device in self._site.find("sos_button")}
        alone = [one for one in self._site.residents if one.lives_alone and one.place in has and one not in taken]
        return min(alone, key=lambda one: (one.silence_limit_s or USUAL_LIMIT_S, one.place in button), default=None)

    def _cut_a_gateway(self) -> None:
        """Take the power from a gateway, or else a camera, that nobody in the scene needs, for over a minute."""
        hubs = self._site.hubs() or self._site.find("camera")
        for hub in [one for one in hubs if not self.involves(one.id)][:1]:
            self.down.append((hub.id, self.at + 35 * SECOND_MS, self.at + 115 * SECOND_MS))

    def _says(
        self, at_s: float, device: DeviceEntry, kind: str, data: dict[str, Value] | None = None, who: str = ""
    ) -> Said:
        return Said(self.at + int(at_s * SECOND_MS), device.id, kind, data or {}, self._dice.getrandbits(80), who)
