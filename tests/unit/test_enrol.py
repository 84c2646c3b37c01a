"""A device more in a site file: one line, the rest as it stands, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.enrol import enrol
from gateway.model.errors import Misconfigured
from gateway.model.registry import Device
from gateway.registering.reading import read_site

SMALL = Path(__file__).parents[2] / "simulators" / "site.yaml"
HEAD = """\
station: {id: s, name: s, time_zone: Asia/Shanghai}
areas: [{id: a, kind: grid, name: a}]
places: [{id: p, kind: shop, area: a, name: p}]
"""
NEW = Device("new", "camera", "p", "后门: 新的")


def added(path: Path, before: str) -> list[str]:
    """Lines that are new; none may be gone."""
    after = path.read_text(encoding="utf-8").splitlines()
    old = before.splitlines()
    new = [line for line in after if line not in old]
    assert [line for line in after if line in old] == [line for line in old if line in after]
    return new


def test_one_line_is_put_into_a_file_kept_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    before = SMALL.read_text(encoding="utf-8")
    path.write_text(before, encoding="utf-8")
    path.chmod(0o640)
    after = enrol(path, Device("my-door", "door_controller", "school-1", "我的门"))
    assert added(path, before) == ["  - {id: my-door, kind: door_controller, place: school-1, name: 我的门}"]
    assert read_site(path) == after
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "devices",
    [
        "",
        "devices: []\n",
        "devices:\n- {id: x, kind: camera, place: p, name: x}\n",
        "devices:   # all of them\n      - id: x\n        kind: camera\n        place: p\n        name: x\n",
        (
            "devices:\n  # streets\n\n  - {id: x, kind: camera, place: p, name: x}\n"
            "users:\n  - {username: u, name: u, role: admin}"
        ),
    ],
)
def test_whatever_the_file_looks_like(tmp_path: Path, devices: str) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(HEAD + devices, encoding="utf-8")
    before = read_site(path)
    assert NEW in enrol(path, NEW).devices
    assert read_site(path).devices == [NEW, *before.devices]
    assert read_site(path).users == before.users


@pytest.mark.parametrize(
    ("device", "complaint"),
    [
        (Device("school-1-button", "camera", "school-1", "x"), "stands in"),
        (Device("a b", "camera", "school-1", "x"), "an id has letters"),
        (Device("x", "frog", "school-1", "x"), "is none of door_controller"),
        (Device("x", "camera", "nowhere", "x"), "no place of this file"),
        (Device("x", "camera", "school-1", "x", via="school-1-button"), "not of kind gateway"),
    ],
)
def test_what_cannot_be_leaves_the_file_as_it_was(tmp_path: Path, device: Device, complaint: str) -> None:
    path = tmp_path / "site.yaml"
    before = SMALL.read_bytes()
    path.write_bytes(before)
    with pytest.raises(Misconfigured, match=complaint) as told:
        enrol(path, device)
    assert ".new" not in str(told.value)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_devices_in_a_form_of_their_own_are_told_the_line(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(HEAD + "devices: [{id: x, kind: camera, place: p, name: x}]\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"put this among them yourself: - \{id: new"):
        enrol(path, NEW)
    assert "new" not in path.read_text(encoding="utf-8")
