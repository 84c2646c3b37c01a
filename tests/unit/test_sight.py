"""The detector is asked when it may pay, once for all who want to know; boxes become tracks."""

from __future__ import annotations

import msgspec
import pytest

from connectors.camera.analytics import ANALYTICS
from connectors.camera.analytics.intrusion import Intrusion, IntrusionSettings
from connectors.camera.analytics.loitering import Loitering, LoiteringSettings
from connectors.camera.analytics.parked import ParkedSettings
from connectors.camera.seeing import Box, Zone
from connectors.camera.sight import GLANCE_S, Sight
from connectors.camera.tracks import Line, Tracks
from tests.unit.people import YARD, Told, frame, standing

ALL = Box(0.0, 0.0, 1.0, 1.0)
RIGHT = YARD.bounds()


def test_one_picture_is_looked_at_once() -> None:
    detector = Told()
    sight = Sight(detector)
    detector.now = [standing(0.7, 0.9)]
    picture = frame(0.0, detector.now)
    assert sight.seen(picture, ALL) is sight.seen(picture, RIGHT)
    assert sight.looked(picture).found == detector.now
    assert detector.calls == 1


def test_two_analytics_of_a_camera_share_their_looks() -> None:
    detector = Told()
    sight = Sight(detector)
    both = Intrusion(IntrusionSettings(YARD), sight), Loitering(LoiteringSettings(YARD), sight)
    detector.now = [standing(0.7, 0.9)]
    for number in range(41):
        picture = frame(number / 2, detector.now)
        for one in both:
            one.look(picture)
    assert detector.calls == 41


def test_what_was_seen_a_moment_ago_will_do() -> None:
    detector = Told()
    sight = Sight(detector)
    seen = sight.seen(frame(0.0), ALL)
    assert sight.seen(frame(0.2), ALL, within_s=0.25) is seen
    detector.now = [standing(0.7, 0.9)]
    sight.looked(frame(0.3))
    assert sight.seen(frame(0.5), ALL, within_s=0.25).found == detector.now


def test_where_nothing_moves_it_glances_only() -> None:
    detector = Told()
    sight = Sight(detector)
    for number in range(61):
        sight.seen(frame(number / 2), ALL)
    assert detector.calls == 1 + 30 // GLANCE_S


def test_where_something_moves_it_looks_each_time_and_elsewhere_not() -> None:
    for near, calls in ((Box(0.0, 0.0, 0.4, 1.0), 20), (Box(0.8, 0.0, 1.0, 1.0), 0)):
        detector = Told()
        sight = Sight(detector)
        for number in range(10):
            sight.seen(frame(number / 2), near)
        before = detector.calls
        for number in range(10, 30):
            sight.seen(frame(number / 2, [standing(0.1 + 0.01 * (number - 10), 0.9)]), near)
        glances = 2 if not calls else 0
        assert detector.calls - before == pytest.approx(calls + glances, abs=2)


def test_who_stands_still_is_looked_at_until_they_are_gone() -> None:
    """Whoever was found is looked for again, though nothing moves any more."""
    detector = Told()
    sight = Sight(detector)
    detector.now = [standing(0.7, 0.9)]
    found = [len(sight.seen(frame(number / 2), ALL).found) for number in range(120)]
    assert found == [1] * 120
    detector.now = []
    before = detector.calls
    for number in range(120, 160):
        sight.seen(frame(number / 2), ALL)
    assert detector.calls - before <= 6 + 20 // GLANCE_S


def test_after_a_cut_it_looks_at_once() -> None:
    detector = Told()
    sight = Sight(detector)
    sight.seen(frame(0.0), ALL)
    sight.forget()
    sight.seen(frame(0.5), ALL)
    assert detector.calls == 2


@pytest.mark.parametrize(
    ("kind", "box", "is_one"),
    [
        ("car", Box(0.3, 0.3, 0.5, 0.5), True), ("truck", Box(0.25, 0.25, 0.6, 0.6), True),
        ("car", Box(0.6, 0.3, 0.8, 0.5), False), ("person", Box(0.3, 0.3, 0.5, 0.5), False),
        ("bicycle", Box(0.3, 0.3, 0.5, 0.5), False),
    ],
)  # fmt: skip
def test_whether_what_stands_is_a_vehicle(kind: str, box: Box, is_one: bool) -> None:
    detector = Told()
    detector.now = [standing(0.4, 0.5)._replace(kind=kind, box=box)]  # type: ignore[arg-type]
    assert Sight(detector).is_vehicle(frame(3.0), Box(0.3, 0.3, 0.5, 0.5)) is is_one


def test_parked_asks_the_detector_unless_it_is_told_not_to() -> None:
    for asked, looks in ((True, True), (False, False)):
        settings = msgspec.convert(
            {"zone": {"name": "a", "polygon": [[0, 0], [1, 0], [1, 1]]}, "confirm": asked}, ParkedSettings
        )
        parked = ANALYTICS["parked"].make(settings, Sight(Told()))
        assert (parked._confirm is not None) is looks  # type: ignore[attr-defined]
    assert ANALYTICS["parked"].make(settings, None)._confirm is None  # type: ignore[attr-defined]


# ── tracks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def boxes(*xs: float) -> list[tuple[Box, float]]:
    return [(Box(x, 0.4, x + 0.1, 0.7), 0.8) for x in xs]


def test_a_track_goes_on_over_a_gap_as_it_went() -> None:
    tracks = Tracks(unseen_s=2.0)
    for number in range(6):
        tracks.follow(boxes(0.1 + 0.05 * number), number * 0.5)
    (track,) = tracks.alive
    tracks.follow([], 3.0)
    assert track.expected(4.0).x0 == pytest.approx(0.5, abs=0.02)
    assert tracks.follow(boxes(0.5), 4.0) == [track]
    assert (track.hits, track.began_s, track.confirmed) == (7, 0.0, True)


def test_after_too_long_a_gap_it_is_another() -> None:
    tracks = Tracks(unseen_s=2.0)
    tracks.follow(boxes(0.1), 0.0)
    tracks.follow(boxes(0.1), 2.5)
    assert [track.number for track in tracks.alive] == [2]


def test_each_gets_the_box_that_suits_it_best() -> None:
    tracks = Tracks()
    for number in range(8):
        tracks.follow(boxes(0.1 + 0.02 * number, 0.5 - 0.02 * number), number * 0.5)
    assert [(track.number, round(track.path[-1].box.x0, 2)) for track in tracks.alive] == [(1, 0.24), (2, 0.36)]


def test_a_line_is_crossed_once_whatever_dithers_on_it() -> None:
    line = Line((0.5, 0.0), (0.5, 1.0), 0.02)
    xs = [0.3, 0.45, 0.49, 0.51, 0.49, 0.515, 0.6, 0.7]
    told = [line.crossed(1, (x, 0.5), float(s), 1.0, counts=True) for s, x in enumerate(xs)]
    assert [(s, one.side, one.s) for s, one in enumerate(told) if one] == [(6, "left", 3.5)]
    assert line.crossed(1, (0.3, 0.5), 9.0, 1.0, counts=True) == ("right", 8.0)


def test_what_does_not_count_yet_crosses_when_it_does() -> None:
    line = Line((0.5, 0.0), (0.5, 1.0), 0.02)
    assert line.crossed(1, (0.4, 0.5), 0.0, 1.0, counts=False) is None
    assert line.crossed(1, (0.6, 0.5), 0.5, 1.0, counts=False) is None
    assert line.crossed(1, (0.7, 0.5), 1.0, 1.0, counts=True) is not None


def test_zones() -> None:
    zone = Zone("l", ((0.1, 0.1), (0.5, 0.1), (0.5, 1.0), (0.1, 1.0)))
    assert zone.bounds() == (0.1, 0.1, 0.5, 1.0)
    assert [zone.holds(*point) for point in [(0.3, 0.5), (0.05, 0.5), (0.3, 1.0), (0.6, 0.9)]] == [
        True, False, True, False,
    ]  # fmt: skip
