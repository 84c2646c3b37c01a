"""Intrusion, loitering, crowding and people who go in, judged by a detector that sees what it is told."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from connectors.camera.analytics import ANALYTICS
from connectors.camera.analytics.crowding import Crowding, CrowdingSettings
from connectors.camera.analytics.intrusion import Intrusion, IntrusionSettings
from connectors.camera.analytics.loitering import Loitering, LoiteringSettings
from connectors.camera.analytics.tailgating import Tailgating, TailgatingSettings
from connectors.camera.detector import Detection
from connectors.camera.sight import Sight
from tests.unit.people import YARD, Told, day, standing

# ── intrusion ────────────────────────────────────────────────────────────────────────────────────────────────────────


def intrusion(**settings: float) -> tuple[Intrusion, Told]:
    detector = Told()
    return Intrusion(IntrusionSettings(YARD, **settings), Sight(detector)), detector


def walking(s: float) -> list[Detection]:
    """From left to right, in at 5 s."""
    return [standing(0.1 + 0.08 * s, 0.9)]


def test_somebody_walks_in() -> None:
    analytic, detector = intrusion()
    ((s, said),) = day(analytic, detector, 10, walking)
    assert said.kind == "camera.intrusion"
    assert (said.data["zone"], said.data["confidence"]) == ("yard", 0.8)
    assert s == 6.0  # in at 5 s, and three looks of half a second
    assert (said.at.second, said.evidence) == (5, True)


def test_two_looks_are_not_enough_and_outside_is_not_inside() -> None:
    analytic, detector = intrusion()
    assert day(analytic, detector, 8, lambda s: [standing(0.52 if s in {3.0, 3.5} else 0.45, 0.9)]) == []
    assert day(analytic, detector, 8, lambda _: [standing(0.3, 0.9)], begins=9) == []


def test_feet_count_not_heads() -> None:
    """The head is in a zone that begins below it, or the other way round."""
    analytic, detector = intrusion()
    leaning = Detection("person", 0.9, standing(0.45, 0.9).box._replace(x1=0.54))  # feet at 0.475
    assert day(analytic, detector, 5, lambda _: [leaning]) == []


@pytest.mark.parametrize("stranger", [standing(0.7, 0.9, kind="car"), standing(0.7, 0.9, score=0.4)])
def test_a_car_and_a_doubtful_person_are_nobody(stranger: Detection) -> None:
    analytic, detector = intrusion()
    assert day(analytic, detector, 5, lambda _: [stranger]) == []


def test_who_stays_is_said_again_without_pictures_and_two_are_two() -> None:
    analytic, detector = intrusion(again_s=10)
    said = day(analytic, detector, 22, lambda _: [standing(0.6, 0.9), standing(0.9, 0.6)])
    assert [(s, one.data["track"], one.evidence) for s, one in said] == [
        (1.0, "t-1", True), (1.0, "t-2", True), (11.0, "t-1", False), (11.0, "t-2", False), (21.0, "t-1", False),
        (21.0, "t-2", False),
    ]  # fmt: skip


# ── loitering ────────────────────────────────────────────────────────────────────────────────────────────────────────


def loitering(limit_s: float = 20.0, again_s: float = 30.0) -> tuple[Loitering, Told]:
    detector = Told()
    return Loitering(LoiteringSettings(YARD, limit_s=limit_s, again_s=again_s), Sight(detector)), detector


def test_somebody_stays() -> None:
    analytic, detector = loitering()
    said = day(analytic, detector, 120, lambda s: [standing(0.7, 0.9)] if 5 <= s <= 100 else [])
    assert [(one.kind, s, one.data["dwell_s"]) for s, one in said] == [
        ("camera.loitering", 25.0, 20.0), ("camera.loitering", 55.0, 50.0), ("camera.loitering", 85.0, 80.0),
    ]  # fmt: skip
    assert [one.evidence for _, one in said] == [True, True, False]  # 20 s, then when it has doubled
    assert said[0][1].data["zone"] == "yard"


def test_gaps_under_two_seconds_are_bridged_and_longer_ones_end_it() -> None:
    analytic, detector = loitering()
    said = day(analytic, detector, 30, lambda s: [] if 10 < s < 11.5 else [standing(0.7, 0.9)])
    assert [s for s, _ in said] == [20.0]
    analytic, detector = loitering()
    said = day(analytic, detector, 31, lambda s: [] if 10 < s < 12.2 else [standing(0.7, 0.9)])
    assert said == []


def test_who_leaves_and_comes_back_is_new() -> None:
    analytic, detector = loitering()

    def pacing(s: float) -> list[Detection]:
        return [standing(0.7 if s % 20 < 15 else 0.3, 0.9)]

    assert day(analytic, detector, 100, pacing) == []


def test_after_a_cut_nobody_is_remembered() -> None:
    analytic, detector = loitering()
    assert day(analytic, detector, 15, lambda _: [standing(0.7, 0.9)]) == []
    analytic.interrupted()
    assert day(analytic, detector, 15, lambda _: [standing(0.7, 0.9)], begins=16) == []


def test_two_who_pass_each_other_at_some_distance_keep_their_times() -> None:
    analytic, detector = loitering()

    def two(s: float) -> list[Detection]:
        return [standing(0.75, 0.9), standing(1.0 - 0.02 * s, 0.5)]

    said = day(analytic, detector, 22, two)
    assert [(s, one.data["track"]) for s, one in said] == [(20.0, "t-1"), (20.0, "t-2")]


# ── crowding ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def crowding(limit: int = 4, again_s: float = 30.0) -> tuple[Crowding, Told]:
    detector = Told()
    return Crowding(CrowdingSettings(YARD, limit=limit, again_s=again_s), Sight(detector)), detector


def crowd(count: int) -> list[Detection]:
    return [standing(0.55 + 0.4 * number / max(count, 1), 0.6 + 0.3 * (number % 2)) for number in range(count)]


def test_a_crowd_is_said_and_said_again() -> None:
    analytic, detector = crowding()
    said = day(analytic, detector, 60, lambda s: crowd(6 if s >= 5 else 2))
    assert [one.data for _, one in said] == 2 * [{"zone": "yard", "people": 6, "limit": 4}]
    assert [s for s, _ in said] == [18.0, 48.0]  # the median turns after half of its five seconds; ten more to be sure


def test_as_many_as_there_may_be_are_no_crowd_and_neither_is_a_glance_above() -> None:
    analytic, detector = crowding()
    assert day(analytic, detector, 60, lambda _: crowd(4)) == []
    assert day(analytic, detector, 60, lambda s: crowd(7 if 70 <= s < 79 else 3), begins=61) == []


def test_single_wrong_counts_change_nothing() -> None:
    analytic, detector = crowding()
    said = day(analytic, detector, 40, lambda s: crowd(1 if s % 4 == 3 else 6))
    assert said[0][0] < 15
    assert {one.data["people"] for _, one in said} == {6}


def test_between_the_edges_it_stays_what_it_was() -> None:
    """Down to just below the limit and up again is said by the old span's time; calm for long enough begins anew."""
    analytic, detector = crowding(again_s=1000)
    counts = [(20, 6), (25, 3), (30, 6)]
    said = []
    begins = 0.0
    for seconds, count in counts:
        said += day(analytic, detector, seconds - 1, lambda _, count=count: crowd(count), begins=begins)  # type: ignore[misc]
        begins += seconds
    assert len(said) == 1
    said = day(analytic, detector, 40, lambda _: crowd(2), begins=begins)
    said += day(analytic, detector, 40, lambda _: crowd(6), begins=begins + 41)
    assert len(said) == 1


def test_only_those_in_the_zone_count() -> None:
    analytic, detector = crowding()
    outside = [standing(0.05 * number, 0.9) for number in range(1, 9)]
    assert day(analytic, detector, 40, lambda _: [*outside, *crowd(3)]) == []


@pytest.mark.parametrize(("count", "tall", "at_least"), [(14, 0.3, False), (15, 0.3, True), (6, 0.1, True)])
def test_many_and_small_people_are_at_least_so_many(count: int, tall: float, at_least: bool) -> None:
    analytic, detector = crowding()
    people = [Detection("person", 0.8, one.box._replace(y0=one.box.y1 - tall)) for one in crowd(count)]
    ((_, said),) = day(analytic, detector, 20, lambda _: people)
    assert said.data.get("at_least", False) is at_least


# ── people who go in ─────────────────────────────────────────────────────────────────────────────────────────────────


def door(granted: int | None = None) -> tuple[Tailgating, Told]:
    """A door in the middle, its line from below to above, so that right of it is in."""
    detector = Told()
    settings = TailgatingSettings("door", (0.5, 1.0), (0.5, 0.2), "right", granted=granted)
    return Tailgating(settings, Sight(detector)), detector


def going(*starts: float, speed: float = 0.2, lane: float = 0.0) -> object:
    """People who start at 0.1 at these seconds, one behind the other, and walk right; back where the speed is minus."""

    def people(s: float) -> Sequence[Detection]:
        walked = [(number, (s - start) * speed) for number, start in enumerate(starts) if s >= start]
        found = [(number, 0.1 + w if speed > 0 else 0.9 + w) for number, w in walked]
        return [standing(x, 0.7 + lane * number) for number, x in found if 0.05 < x < 0.95]

    return people


def test_who_goes_in_is_counted_without_a_picture_and_who_follows_with_one() -> None:
    analytic, detector = door()
    said = day(analytic, detector, 20, going(1.0, 4.0))  # type: ignore[arg-type]
    assert [(one.kind, one.data["direction"], one.data["people"], one.evidence) for _, one in said] == [
        ("door.passed", "in", 1, False),
        ("door.passed", "in", 1, True),
    ]
    assert [one.at.timestamp() % 60 for _, one in said] == pytest.approx([3.0, 6.0], abs=0.3)


def test_who_comes_much_later_follows_nobody() -> None:
    analytic, detector = door()
    said = day(analytic, detector, 25, going(1.0, 12.0))  # type: ignore[arg-type]
    assert [one.evidence for _, one in said] == [False, False]


def test_who_comes_out_is_told_as_out() -> None:
    analytic, detector = door()
    said = day(analytic, detector, 10, going(1.0, speed=-0.2))  # type: ignore[arg-type]
    assert [(one.data["direction"], one.evidence) for _, one in said] == [("out", False)]


def test_who_stands_on_the_line_or_turns_back_has_not_gone_in() -> None:
    analytic, detector = door()
    assert day(analytic, detector, 10, lambda s: [standing(0.5 + 0.01 * (-1) ** round(5 * s), 0.7)]) == []
    assert day(analytic, detector, 10, lambda s: [standing(0.2 + 0.28 * (s < 16) * 1, 0.7)], begins=11) == []


def test_beside_the_door_nobody_goes_in() -> None:
    analytic, detector = door()
    assert day(analytic, detector, 10, lambda s: [standing(min(0.1 + 0.1 * s, 0.9), 0.15)]) == []


def test_without_a_reader_the_camera_says_who_is_too_many() -> None:
    analytic, detector = door(granted=1)
    said = day(analytic, detector, 20, going(1.0, 3.5, 6.0))  # type: ignore[arg-type]
    assert [(one.kind, one.data["people"], one.data["granted"]) for _, one in said] == [
        ("camera.tailgating", 2, 1),
        ("camera.tailgating", 3, 1),
    ]


# ── all of them ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("notice", "told"),
    [
        ("intrusion", {"zone": {"name": "a", "polygon": [[0, 0], [1, 0], [1, 1]]}}),
        ("loitering", {"zone": {"name": "a", "polygon": [[0, 0], [1, 0], [1, 1]]}, "limit_s": 60}),
        ("crowding", {"zone": {"name": "a", "polygon": [[0, 0], [1, 0], [1, 1]]}, "limit": 3}),
        ("tailgating", {"line": "a", "start": [0, 0.5], "end": [1, 0.5], "inward": "left"}),
    ],
)
def test_they_are_made_from_a_worker_s_file(notice: str, told: dict[str, object]) -> None:
    known = ANALYTICS[notice]
    assert known.sight == "always"
    analytic = known.make(msgspec.convert(told, known.settings), Sight(Told()))
    assert day(analytic, Told(), 2, lambda _: []) == []
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**told, "face": 1}, known.settings)
