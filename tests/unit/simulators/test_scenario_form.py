"""Scenario files: what is read, and what is told of a file that is wrong."""

from pathlib import Path

import pytest
import yaml

import simulators
from simulators.scenario.cast import cast_of
from simulators.scenario.file import ScenarioError, find, names, read_scenario
from simulators.scenario.ground import Ground, read_ground
from simulators.scenario.span import read_span, say_span

GOOD = {
    "id": "a-press",
    "title": {"zh": "按下", "en": "A press"},
    "shows": {"zh": "……", "en": "…"},
    "begins": "08:00",
    "warm_up": "10 min",
    "lasts": "20 min",
    "cast": {"button": {"device": "school_button"}},
    "steps": [{"say": "alarm.pressed", "by": "button", "name": "press"}],
    "must": [{"alert": "school-one-touch-alarm", "about": "button", "after": "press", "within": "3 s"}],
}

WRONG = [
    ({"lasts": "soon"}, "'soon' is no duration"),
    ({"lasts": 90}, "90 is no duration"),
    ({"lasts": "-5 min"}, "lasts must be longer than nothing"),
    ({"begins": "8 o'clock"}, "begins"),
    ({"weekday": 8}, "weekday"),
    ({"day": "sunny"}, "day"),
    ({"life": "nobody"}, "life"),
    ({"colour": "red"}, "colour"),
    ({"title": {"zh": "只有中文"}}, "en"),
    ({"must": []}, "it states nothing"),
    ({"cast": {"button": {}}}, "cast button: exactly one of device, place, area, person"),
    ({"cast": {"button": {"device": "school_button", "place": "school"}}}, "exactly one of"),
    ({"cast": {"button": {"device": "school_button", "inside": "school"}}}, "'school' is no role above it"),
    (
        {"cast": {"button": {"device": "school_button", "beyond": {"of": "nobody", "metres": 9}}}},
        "'nobody' is no role above it",
    ),
    ({"cast": {"button": {"area": "grid", "spread": True}}}, "attributes, spread and beyond are asked of"),
    (
        {"steps": [{"say": "alarm.pressed", "by": "button", "name": "press", "data": {"flat": {"of": "nobody"}}}]},
        "'nobody' is no role of the cast",
    ),
    ({"steps": "none"}, "a list of steps is wanted"),
    ({"steps": [{"shout": "alarm.pressed"}]}, "step 0: a step has exactly one of say, mute"),
    ({"steps": [{"say": "alarm.pressed", "mute": "button"}]}, "step 0: a step has exactly one of"),
    ({"steps": [{"say": "alarm.pressed"}]}, "step 0 (say): Object missing required field `by`"),
    ({"steps": [{"say": "pressed", "by": "button"}]}, "step 0 (say)"),
    ({"steps": [{"mute": "button", "to": "later"}]}, "step 0 (mute): 'later' is no duration"),
    ({"steps": [{"say": "alarm.pressed", "by": "nobody", "name": "press"}]}, "'nobody' is no role of the cast"),
    ({"steps": [{"person": "button", "care": {}, "name": "press"}]}, "'button' is no person"),
    ({"steps": [{"say": "alarm.pressed", "by": "button", "name": "press", "at": "21 min"}]}, "outside the scenario"),
    ({"steps": [{"say": "alarm.pressed", "by": "button", "name": "press", "at": "-11 min"}]}, "outside the scenario"),
    ({"steps": [{"mute": "button", "from": "5 min", "to": "4 min", "name": "press"}]}, "ends before it begins"),
    (
        {
            "cast": {"button": {"device": "school_button"}, "elder": {"person": {}}},
            "steps": [{"person": "elder", "care": {"away_until": {"in": "a while"}}, "name": "press"}],
        },
        "'a while' is no duration",
    ),
    ({"must": [{"about": "button", "within": "3 s"}]}, "must[0]: exactly one of alert, work_item"),
    (
        {"must": [{"alert": "x", "within": "3 s", "after": "never"}]},
        "no step has this name; there are begin, begin.end",
    ),
    ({"must": [{"alert": "x", "within": "3 s", "about": "nobody"}]}, "'nobody' is no role of the cast"),
    ({"must": [{"alert": "x", "within": "3 s", "each": True}]}, "each needs about"),
    ({"must": [{"alert": "x", "within": "3 s", "not_before": "4 s"}]}, "not_before is later than within"),
    ({"must": [{"alert": "x", "within": "21 min"}]}, "after the scenario's end"),
    ({"must": [{"alert": "x", "within": "3 s", "over": {"within": "1 s", "after": "nope"}}]}, "after 'nope'"),
    ({"must_not": [{"rules": "*", "inside": "nowhere"}]}, "must_not[0]: 'nowhere' is no role"),
    ({"must_not": [{"rules": "*", "sounding": True, "stream": "work_item"}]}, "a work item never sounds"),
]


def written(folder: Path, **changes: object) -> Path:
    path = folder / "a-press.yaml"
    path.write_text(yaml.safe_dump({**GOOD, **changes}, allow_unicode=True), encoding="utf-8")
    return path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    scenario = read_scenario(written(tmp_path))
    assert scenario.must[0].within == read_span("3 s")
    assert scenario.steps[0].name == "press"


@pytest.mark.parametrize(("changes", "told"), WRONG, ids=[told for _, told in WRONG])
def test_a_wrong_file_is_told_where_it_is_wrong(tmp_path: Path, changes: dict[str, object], told: str) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(ScenarioError) as error:
        read_scenario(path)
    assert told in str(error.value)
    assert str(path) in str(error.value)


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="can't read"):
        read_scenario(tmp_path / "absent.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("id: [", encoding="utf-8")
    with pytest.raises(ScenarioError, match="no YAML"):
        read_scenario(broken)
    broken.write_text("- a list", encoding="utf-8")
    with pytest.raises(ScenarioError, match="Expected `object`"):
        read_scenario(broken)
    with pytest.raises(ScenarioError, match="there are: ailing-devices"):
        find("no-such-thing")


@pytest.mark.parametrize(
    ("text", "seconds", "english", "chinese"),
    [
        ("90 s", 90, "1 min 30 s", "1 分 30 秒"),
        ("5min", 300, "5 min", "5 分"),
        ("26 h", 93_600, "1 day 2 h", "1 天 2 小时"),
        ("1 h 30 min", 5_400, "1 h 30 min", "1 小时 30 分"),
        ("3 days", 259_200, "3 days", "3 天"),
        ("-22 h 30 min", -81_000, "-22 h 30 min", "-22 小时 30 分"),
        ("0.5 s", 0.5, "0.5 s", "0.5 秒"),
    ],
)
def test_durations_are_read_and_said_as_people_do(text: str, seconds: float, english: str, chinese: str) -> None:
    span = read_span(text)
    assert span.total_seconds() == seconds
    assert (say_span(span), say_span(span, "zh")) == (english, chinese)


@pytest.fixture(scope="module")
def town(county_path: Path) -> Ground:
    return read_ground(county_path)


@pytest.mark.parametrize("name", names())
def test_every_scenario_finds_its_cast(name: str, town: Ground, site_path: Path) -> None:
    scenario = find(name)
    assert scenario.id == name
    for seed in (1, 2, 77):
        assert set(cast_of(scenario, town, seed)) == set(scenario.cast)
    try:
        cast_of(scenario, read_ground(site_path), 1)
    except ScenarioError as error:
        assert "has nobody for the role" in str(error)  # noqa: PT017, either is fine, silence is not


def test_most_scenarios_also_play_on_the_small_site(site_path: Path) -> None:
    ground = read_ground(site_path)
    found = 0
    for name in names():
        try:
            found += bool(cast_of(find(name), ground, 1))
        except ScenarioError:
            continue
    assert found >= 12


@pytest.mark.parametrize("name", names())
def test_every_scenario_is_documented(name: str) -> None:
    page = Path(simulators.__file__).parents[1] / "docs" / "scenarios.md"
    assert f"`{name}`" in page.read_text(encoding="utf-8")
