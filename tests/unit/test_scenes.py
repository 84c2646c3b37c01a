"""The rendered scenes: what is drawn is what the truth says, and the same each time."""

from __future__ import annotations

import hashlib
import itertools
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from simulators.camera.entrance import Entrance, Walk
from simulators.camera.facade import KINDS, Background, Facade, Throw
from simulators.camera.film import write_film
from simulators.camera.lane import Lane, Stop
from simulators.camera.named import NAMES, named
from simulators.camera.reel import NoFilm, read_reel
from simulators.camera.rtp import Packets
from simulators.camera.scene import TEST_SEEDS, Clip, Picture, Scene, frame_count
from simulators.camera.tampering import HARMFUL, HARMLESS, Tamper, Tampered
from simulators.camera.things.lens import Optics

SEED = TEST_SEEDS
CLEAN = Optics(noise=0)
#: The most common fall: dropped from high up, heavy, without a push.
DROP = Throw(at_s=0.2, velocity=(0, 0, 0), size=0.35, terminal=45, contrast=-90)


def digest(scene: Scene) -> str:
    told = hashlib.sha256()
    for picture in scene.frames():
        assert picture.shape == (scene.height, scene.width, 3)
        assert picture.dtype == np.uint8
        told.update(picture.tobytes())
    return told.hexdigest()


def changed(one: Picture, other: Picture) -> NDArray[np.uint8]:
    """By how much two pictures differ at each pixel."""
    blue, green, red = cv2.split(cv2.absdiff(one, other))
    return np.asarray(cv2.max(cv2.max(blue, green), red), dtype=np.uint8)


def middle(change: NDArray[np.uint8]) -> tuple[float, float]:
    """Where the change is on average; a pixel's middle is at a half."""
    moments = cv2.moments(change)
    return moments["m10"] / moments["m00"] + 0.5, moments["m01"] / moments["m00"] + 0.5


def around(change: NDArray[np.uint8], least: float) -> list[float]:
    rows, columns = np.nonzero(change > least)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def overlap(one: list[float], other: list[float]) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(wide, 0) * max(high, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)


# ── the same seed ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("demo")])
def test_the_same_seed_gives_the_same_bytes(name: str) -> None:
    first, again = named(name, SEED, 0.8), named(name, SEED, 0.8)
    assert json.dumps(first.truth) == json.dumps(again.truth)
    assert digest(first) == digest(again)
    assert digest(first) == digest(first), "frames() starts anew each time"
    assert digest(first) != digest(named(name, SEED + 1, 0.8))


def test_one_distractor_less_leaves_the_others_where_they_were() -> None:
    every, fewer = (Facade(SEED, seconds=0.4, throws=[DROP], distractors=kinds, optics=CLEAN, night=False)
                    for kinds in (["birds", "laundry"], ["laundry"]))  # fmt: skip
    assert every.truth["events"][0]["from_px"] == fewer.truth["events"][0]["from_px"]
    assert {**every.truth["distractors"], "birds": 0} == {**fewer.truth["distractors"], "birds": 0}


def test_demos_have_what_they_are_for() -> None:
    facade = named("demo-facade", 5)
    [event] = facade.truth["events"]
    assert (event["released_s"], event["floor"], facade.seconds) == (20.0, 12, 60.0)
    assert event["visible_frames"] > 40
    lane = named("demo-lane", 5)
    standing = [car for car in lane.truth["vehicles"] if car["in_zone"]]
    assert [(car["arrives_s"], car["departs_s"]) for car in standing] == [(10.0, 285.0)]


# ── what falls ───────────────────────────────────────────────────────────────────────────────────────────────────────


def fall(throw: Throw, **how: Any) -> tuple[Facade, list[tuple[float, float, float, list[float], dict[str, Any]]]]:
    """Film a throw; return seconds, x, y, box of what differs from the same scene without it, and the truth's point."""
    scene = Facade(SEED, seconds=2.6, throws=[throw], distractors=(), optics=CLEAN, night=False, **how)
    [background] = itertools.islice(
        Facade(SEED, seconds=2.6, throws=0, distractors=(), optics=CLEAN, night=False, **how).frames(), 1
    )
    points = {point["frame"]: point for point in scene.truth["events"][0]["track"]}
    seen = []
    for number, picture in enumerate(scene.frames()):
        if number in points:
            change = changed(picture, background)
            assert change.max() > 3, f"nothing is drawn in frame {number}"
            x, y = middle(change)
            seen.append((points[number]["s"], x, y, around(change, 3), points[number]))
    return scene, seen


def test_what_falls_is_accelerated_by_gravity() -> None:
    scene, seen = fall(DROP, px_per_metre=20)
    early = [(s, y) for s, _, y, _, _ in seen if s < DROP.at_s + 0.9]  # type: ignore[operator]
    assert len(early) > 20
    fitted = 2 * np.polyfit(*np.array(early).T, 2)[0]
    scale = scene.truth["px_per_metre_at_top"], scene.truth["px_per_metre_at_ground"]
    # Until 0.9 s, drag at a terminal speed of 45 m/s takes at most 4 %.
    assert 0.95 * 9.81 * min(scale) < fitted < 1.03 * 9.81 * max(scale)


def test_drag_brings_it_to_its_terminal_speed() -> None:
    scene, seen = fall(Throw(at_s=0.1, velocity=(0, 0, 0), size=0.4, terminal=14, contrast=-100), px_per_metre=19)
    last = np.array([(s, y) for s, _, y, _, _ in seen[-8:]])
    speed = np.polyfit(*last.T, 1)[0] / scene.truth["px_per_metre_at_ground"]
    [event] = scene.truth["events"]
    wanted = 14 * np.sqrt(1 - np.exp(-2 * 9.81 * event["height_m"] / 14**2))
    assert speed == pytest.approx(wanted, rel=0.05)


def test_the_truth_is_where_pixels_change() -> None:
    _, seen = fall(Throw(at_s=0.2, velocity=(1.5, 1.0, 2.0), size=0.3, terminal=30, contrast=-100))
    for _, x, y, box, told in seen:
        assert abs(x - told["x"]) < 1.5, told
        assert abs(y - told["y"]) < 1.5, told
        inner, outer = box, told["box"]
        assert outer[0] - 1 <= inner[0], told
        assert outer[1] - 1 <= inner[1], told
        assert inner[2] <= outer[2] + 1, told
        assert inner[3] <= outer[3] + 1, told
    # What is behind it makes single pictures lean; on average they must not.
    assert abs(np.median([x - told["x"] for _, x, _, _, told in seen])) < 0.2
    assert abs(np.median([y - told["y"] for _, _, y, _, told in seen])) < 0.2


def test_motion_is_smeared_by_the_exposure() -> None:
    heights = []
    for exposure in (1 / 400, 1 / 50):
        _, seen = fall(
            Throw(at_s=0.0, velocity=(0, 0, 0), size=0.2, terminal=45, contrast=-90), exposure=exposure, px_per_metre=24
        )
        heights.append(np.mean([box[3] - box[1] for *_, box, _ in seen[-8:]]))
    # At some 20 m/s, 1/50 s is 0.4 m, so 9 px more.
    assert 5 < heights[1] - heights[0] < 14


def test_the_shake_moves_truth_and_picture_alike() -> None:
    optics = Optics(noise=0, shake=1.2)
    scene = Facade(SEED, seconds=2, throws=[DROP], distractors=(), optics=optics, night=False)
    still = Facade(SEED, seconds=2, throws=[DROP], distractors=(), optics=CLEAN, night=False)
    moved = [
        (one["x"] - other["x"], one["y"] - other["y"])
        for one, other in zip(scene.truth["events"][0]["track"], still.truth["events"][0]["track"], strict=True)
    ]
    assert 0.6 < np.std(moved) < 2.0
    frame = scene.truth["events"][0]["track"][5]["frame"]
    pictures = [next(itertools.islice(one.frames(), frame, None)) for one in (scene, still)]
    greys = [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float64)[60:660, 60:1220] for picture in pictures]
    (right, down), _ = cv2.phaseCorrelate(greys[1], greys[0])
    assert (right, down) == pytest.approx(moved[5], abs=0.25)


def test_a_throw_nobody_can_see_is_refused() -> None:
    with pytest.raises(ValueError, match="no window of floor 90"):
        Facade(SEED, throws=[Throw(floor=90)])


def test_a_given_background_is_what_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "wall.png"
    cv2.imwrite(str(path), np.full((720, 1280, 3), (90, 120, 150), dtype=np.uint8))
    scene = Facade(SEED, seconds=2.5, throws=1, distractors=(), background=Background(path, 22.0, 690.0), optics=CLEAN)
    assert scene.truth["ground_y"] == pytest.approx(690, abs=0.1)
    assert np.median(next(scene.frames()).reshape(-1, 3), axis=0).tolist() == [90, 120, 150]
    with pytest.raises(OSError, match="no picture"):
        Facade(SEED, background=Background(tmp_path / "none.png", 22.0, 690.0))


# ── what else moves ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"cradle"}))
def test_each_distractor_moves_something_and_is_counted(kind: str) -> None:
    scene = Facade(SEED, seconds=6, fps=2.5, throws=0, distractors={kind: 1.8}, night=kind == "headlights")
    assert scene.truth["distractors"].keys() == {kind}
    if kind in {"shake", "flicker", "drops"}:
        assert scene.truth[{"shake": "shake_px_rms"}.get(kind, kind)] > 0
        return
    quiet = Facade(SEED, seconds=6, fps=2.5, throws=0, distractors=(), optics=CLEAN, night=kind == "headlights")
    clean = Facade(
        SEED, seconds=6, fps=2.5, throws=0, distractors={kind: 1.8}, optics=CLEAN, night=kind == "headlights"
    )
    [still] = itertools.islice(quiet.frames(), 1)
    assert any(changed(picture, still).max() > 8 for picture in clean.frames())


def test_nothing_moves_where_nothing_is_wanted() -> None:
    scene = Facade(SEED, seconds=1, throws=0, distractors=(), optics=CLEAN)
    assert scene.truth["distractors"] == {}
    assert len({picture.tobytes() for picture in scene.frames()}) == 1


def test_the_noise_is_as_strong_as_told() -> None:
    scene = Facade(SEED, seconds=1, throws=0, distractors=(), optics=Optics(noise=3.0), night=False)
    grey = np.stack([cv2.cvtColor(picture[:200, :300], cv2.COLOR_BGR2GRAY) for picture in scene.frames()]).astype(float)
    assert np.median(grey.std(axis=0)) == pytest.approx(3.0, rel=0.15)


def test_unknown_distractors_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown distractors"):
        Facade(SEED, distractors=["dragons"])
    with pytest.raises(ValueError, match="unknown distractors"):
        Lane(SEED, distractors=["dragons"])


# ── the lane ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_car_stands_where_and_when_the_truth_says() -> None:
    stop = Stop(4.0, 9.0)
    scene = Lane(SEED, seconds=14, stops=[stop], distractors=(), optics=CLEAN, night=False)
    empty = next(Lane(SEED, seconds=14, stops=[], distractors=(), optics=CLEAN, night=False).frames())
    [car] = scene.truth["vehicles"]
    assert (car["arrives_s"], car["departs_s"], car["in_zone"], car["zone_share"] > 0.8) == (4.0, 9.0, True, True)
    pictures = list(scene.frames())
    found = around(changed(pictures[60], empty), 6)
    assert overlap(found, car["box"]) > 0.6, "the shadow may reach beyond the box, no more"
    left, top, right, bottom = (round(value) for value in car["box"])
    inside = [picture[top:bottom, left:right] for picture in pictures]
    standing = [np.array_equal(a, b) for a, b in itertools.pairwise(inside)]
    assert all(standing[40:90]), "it moves while it stands"
    assert not any(standing[32:39]), "it stands before it has arrived"
    assert not any(standing[92:100]), "it stands after it has left"
    assert changed(pictures[-1], empty).max() == 0, "it has gone"


def test_a_car_may_be_there_from_the_start_or_stand_beside_the_zone() -> None:
    stops = [Stop(None, 6.0), Stop(None, None, in_zone=False)]
    cars = Lane(SEED, seconds=12, stops=stops, distractors=(), optics=CLEAN).truth["vehicles"]
    assert [(car["from_start"], car["arrives_s"], car["in_zone"]) for car in cars] == [
        (True, None, True),
        (True, None, False),
    ]
    assert cars[0]["seen_from_s"] == 0
    assert cars[0]["seen_until_s"] < 12
    with pytest.raises(ValueError, match="no place is free"):
        Lane(SEED, seconds=20, stops=[Stop(5.0, 9.0), Stop(5.5, 9.5)])


def test_drawn_lanes_are_of_all_kinds() -> None:
    cars = [car for seed in range(SEED, SEED + 10) for car in Lane(seed, seconds=120, fps=1).truth["vehicles"]]
    stays = [car["departs_s"] - car["arrives_s"] for car in cars if car.get("arrives_s") and car.get("departs_s")]
    assert any(3 <= stay <= 40 for stay in stays)
    assert any(stay > 40 for stay in stays)
    assert {car["what"] for car in cars} == {"stops", "passes"}
    assert any(car.get("from_start") for car in cars)
    assert any(car["what"] == "stops" and not car["in_zone"] for car in cars)


# ── the entrance ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_walks_crosses_the_line_where_their_feet_do() -> None:
    walks = [Walk(0.5, ((2.0, 8.0), (0.5, 11.0), (0.0, 14.5))), Walk(1.0, ((-1.0, 14.5), (-1.0, 11.0), (-2.0, 8.0))),
             Walk(0.0, ((-12.0, 8.0), (-6.5, 11.5), (-12.0, 8.0)), pauses_s=2)]  # fmt: skip
    scene = Entrance(SEED, seconds=8, walks=walks, optics=CLEAN, night=False)
    told = {crossing["person"]: crossing for crossing in scene.truth["crossings"]}
    assert {person: crossing["way"] for person, crossing in told.items()} == {0: "in", 1: "out"}
    (x0, y0), (x1, y1) = (np.array(point) * (640, 360) for point in scene.truth["lines"][0]["points"])
    for person, crossing in told.items():
        for s, x, y in scene.truth["people"][person]["feet"]:
            if abs(s - crossing["s"]) > 0.15:
                below = y > y0 + (y1 - y0) * (x - x0) / (x1 - x0)
                assert below == ((s < crossing["s"]) == (crossing["way"] == "in")), (person, s)
    assert [stay["person"] for stay in scene.truth["intrusions"]] == [2]
    quiet = next(Entrance(SEED, seconds=1, walks=[], optics=CLEAN, night=False).frames())
    picture = next(itertools.islice(scene.frames(), 20, None))
    change = changed(picture, quiet) > 12
    for person in scene.truth["people"]:
        for s, x, y in person["feet"]:
            if s == 2.0:
                assert change[round(y) - 30 : round(y) + 3, round(x) - 8 : round(x) + 9].sum() > 40, (
                    "nobody stands there"
                )


# ── tampering ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Remembered:
    """A scene that is drawn once, however often it is tampered with."""

    def __init__(self, scene: Scene) -> None:
        self.width, self.height, self.fps, self.seconds, self.truth = (
            scene.width, scene.height, scene.fps, scene.seconds, scene.truth
        )  # fmt: skip
        self.pictures = list(scene.frames())

    def frames(self) -> Iterator[Picture]:
        return (picture.copy() for picture in self.pictures)


@pytest.fixture(scope="module")
def parked() -> Remembered:
    optics = Optics(noise=2)
    return Remembered(
        Lane(SEED, seconds=9, stops=[Stop(None, None)], distractors=["pedestrians"], optics=optics, night=False)
    )


@pytest.mark.parametrize("kind", [*HARMFUL, *HARMLESS])
def test_tampering_begins_and_ends_when_told(kind: str, parked: Remembered) -> None:
    tampered = Tampered(parked, SEED, [Tamper(kind, 1.0, 8.0)])
    [told] = tampered.truth["tampers"]
    assert (told["at_s"], told["until_s"], told["harmful"]) == (1.0, 8.0, kind in HARMFUL)
    plain, meddled = parked.pictures, list(tampered.frames())
    assert all(np.array_equal(a, b) for a, b in zip(plain[:10] + plain[80:], meddled[:10] + meddled[80:], strict=True))
    assert any(changed(a, b).mean() > 1 for a, b in zip(plain[10:80], meddled[10:80], strict=True))
    late = [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(float) for picture in meddled[70:80]]
    if kind == "black":
        assert late[-1].mean() < 10
    elif kind == "white":
        assert late[-1].mean() > 240
    elif kind == "frozen":
        assert all(np.array_equal(late[0], grey) for grey in late)
    elif kind == "defocused":
        sharp, blurred = cv2.cvtColor(plain[75], cv2.COLOR_BGR2GRAY).astype(float), late[5]
        strong = [np.percentile(np.abs(cv2.Sobel(grey, cv2.CV_64F, 1, 0)), 99) for grey in (sharp, blurred)]
        assert strong[1] < 0.3 * strong[0]
        assert (blurred - cv2.GaussianBlur(blurred, (0, 0), 3)).std() > 1, "the sensor's noise stays"
    elif kind == "ir-switch":
        assert np.ptp(meddled[75].astype(int), axis=2).max() <= 1


def test_unknown_tampering_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown tampering"):
        Tampered(Lane(SEED, seconds=1), SEED, [Tamper("eaten", 0.0)])


# ── films and packets ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_film_has_exact_times_and_its_truth_beside_it(tmp_path: Path) -> None:
    scene = Entrance(SEED, seconds=3, fps=12.5)
    truth = write_film(scene, tmp_path / "film.mp4", gop_s=1.04)
    assert json.loads(truth.read_text()) == scene.truth
    with av.open(str(tmp_path / "film.mp4")) as film:
        packets = [packet for packet in film.demux(video=0) if packet.size]
    assert [float(packet.pts * packet.time_base) for packet in packets] == pytest.approx(np.arange(38) / 12.5, abs=1e-4)
    assert [number for number, packet in enumerate(packets) if packet.is_keyframe] == [0, 13, 26]
    assert all(packet.pts == packet.dts for packet in packets)
    clip = Clip(tmp_path / "film.mp4")
    assert sum(1 for _ in clip.frames()) == frame_count(clip) == 38


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"no film at all" * 50)
    with pytest.raises(NoFilm):
        read_reel(tmp_path / "film.mp4")


def depacketised(packets: list[bytes]) -> list[bytes]:
    """Put NAL units together again (RFC 6184, 5.6 and 5.8)."""
    nals: list[bytes] = []
    for packet in packets:
        payload = packet[12:]
        if payload[0] & 0x1F != 28:
            nals.append(payload)
        elif payload[1] & 0x80:
            nals.append(bytes([(payload[0] & 0xE0) | (payload[1] & 0x1F)]) + payload[2:])
        else:
            nals[-1] += payload[2:]
    return nals


@pytest.mark.parametrize("size", [1, 2, 1399, 1400, 1401, 2797, 2798, 60_000])
def test_pictures_survive_their_packets(size: int) -> None:
    random = np.random.default_rng(size)
    nals = [b"\x67abc", b"\x68d", b"\x65" + random.bytes(size)]
    packets = list(Packets(7, 65_534, 90).of(nals, 2.0))
    assert depacketised(packets) == nals
    assert all(len(packet) <= 1412 for packet in packets)
    headers = [struct.unpack("!BBHII", packet[:12]) for packet in packets]
    assert [header[2] for header in headers] == [(65_534 + i) % 65_536 for i in range(len(packets))]
    assert {header[3] for header in headers} == {180_090}
    assert [bool(header[1] & 0x80) for header in headers] == [False] * (len(packets) - 1) + [True]


def test_a_sender_report_ties_the_clock_to_the_time() -> None:
    packets = Packets(7, 0, 1000)
    list(packets.of([b"\x65" + bytes(99)], 0.0))
    report = packets.report(1_795_312_800.25, 2.0)
    kind, length = report[1], struct.unpack("!H", report[2:4])[0]
    whole, part, stamp, count, octets = struct.unpack("!IIIII", report[8:28])
    assert (kind, length, stamp, count, octets) == (200, 6, 181_000, 1, 100)
    assert whole - 2_208_988_800 + part / 2**32 == pytest.approx(1_795_312_800.25)
    assert report[29] == 202
    assert len(report) % 4 == 0
