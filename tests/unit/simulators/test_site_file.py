"""Site files: the town and the scenarios read them alike, and say alike what is wrong with one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.scenario.ground import read_ground
from simulators.site_file import SiteError, read_site

STATION = "station: {id: s, time_zone: Asia/Shanghai}\n"
WRONG = {
    "a: [": "is no YAML",
    STATION + "places: []\n": "'devices' is missing",
    "station: {id: s, time_zone: Asia/Atlantis}\nplaces: []\ndevices: []\n": r"site\.yaml: .*Atlantis",
    STATION + "places: 7\ndevices: []\n": "has the wrong shape",
    "": "has the wrong shape",
}


@pytest.mark.parametrize("read", [read_site, read_ground])
@pytest.mark.parametrize(("text", "said"), WRONG.items())
def test_a_broken_site_file_says_what_is_wrong(
    read: Callable[[Path], object], text: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SiteError, match=said) as told:
        read(path)
    assert str(path) in str(told.value)


def test_a_time_zone_that_is_not_there_is_not_called_a_missing_key(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("station: {id: s, time_zone: Asia/Atlantis}\nplaces: []\ndevices: []\n", encoding="utf-8")
    with pytest.raises(SiteError) as told:
        read_site(path)
    assert "is missing" not in str(told.value)


@pytest.mark.parametrize("read", [read_site, read_ground])
def test_a_file_that_is_not_there(read: Callable[[Path], object], tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="can't read"):
        read(tmp_path / "none.yaml")


def test_both_read_the_same_station(site_path: Path) -> None:
    site, ground = read_site(site_path), read_ground(site_path)
    assert (site.station, site.time_zone) == (ground.station, ground.zone)
    assert [device.id for device in site.devices] == list(ground.devices)
