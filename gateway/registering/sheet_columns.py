"""The columns a sheet of residents or devices may have, by their Chinese and English names, and how a cell is read.

An empty cell says nothing: what is kept stays. «无» (or none, or -) takes something away where that can be.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from gateway.model.registry import DEVICE_KINDS
from gateway.persons.care import MOST_S
from gateway.registering.complaints import ID
from gateway.registering.site import Site, SitePerson

Kind = Literal["persons", "devices"]
Text = dict[str, str]
#: What takes something away.
NOTHING = frozenset({"无", "none", "-", "—", "清空"})
_YES = frozenset({"是", "yes", "y", "true", "1", "√", "✓", "有"})
_NO = frozenset({"否", "no", "n", "false", "0", "×", "无", "不是"})
#: What people call the kinds of devices.
KINDS_ZH = {
    "门禁": "door_controller", "门禁控制器": "door_controller", "智能门锁": "door_controller", "门磁": "door_contact",
    "摄像机": "camera", "摄像头": "camera", "校园一键报警": "school_button", "一键报警": "school_button",
    "呼叫按钮": "sos_button", "红外": "motion", "人体红外": "motion", "水表": "meter", "电表": "meter",
    "智能水表": "meter",
    "屏幕": "screen", "大屏": "screen", "宣传屏": "screen", "网关": "gateway", "边缘网关": "gateway",
}  # fmt: skip


class CellProblem(Exception):
    """A cell that cannot be meant: what is wrong, and what to write instead."""

    def __init__(self, wrong: Text, instead: Text) -> None:
        super().__init__(wrong["en"])
        self.wrong, self.instead = wrong, instead


class Around(msgspec.Struct, frozen=True):
    """What cells may refer to: ids by name, and the station's time zone. A name that two have leads to neither."""

    places: Mapping[str, str | None]
    devices: Mapping[str, str | None]
    zone: ZoneInfo


class Column(msgspec.Struct, frozen=True):
    """One column: the field it fills, its names (the first is the template's), an example, how a cell is read."""

    field: str
    zh: tuple[str, ...]
    en: tuple[str, ...]
    example: str
    read: Callable[[str, Around], Any]
    #: Whoever is new must have it.
    needed: bool = False


def around(site: Site) -> Around:
    """Return what the cells of a sheet may refer to in a site."""

    def by_name(things: list[Any]) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for thing in things:
            name = plain(thing.name)
            found[name] = None if name in found else thing.id
        return found | {thing.id: thing.id for thing in things}

    return Around(by_name(site.places), by_name(site.devices), ZoneInfo(site.station.time_zone))


def plain(text: str) -> str:
    """Return a text as it is compared: width, case, spaces and marks of «must be filled in» aside."""
    told = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s*:]|\((必填|选填|required|optional)\)", "", told)


def _name(told: str, _around: Around) -> str:
    return told


def _id(told: str, _around: Around) -> str:
    if not ID.match(told):
        raise CellProblem(
            {"zh": f"编号“{told}”含有不允许的字符", "en": f"the id {told!r} has other characters than are allowed"},
            {"zh": "只用字母、数字、- 和 _，最多 64 个", "en": "letters, digits, - and _, at most 64"},
        )
    return told


def _place(told: str, around: Around) -> str:
    return _found(told, around.places, {"zh": "住址或位置", "en": "place"})


def _via(told: str, around: Around) -> str | None:
    return None if told.casefold() in NOTHING else _found(told, around.devices, {"zh": "网关", "en": "gateway"})


def _found(told: str, known: Mapping[str, str | None], what: Text) -> str:
    found = known.get(told, known.get(plain(told), ""))
    if found:
        return found
    if found is None:
        raise CellProblem(
            {"zh": f"{what['zh']}“{told}”有多个同名", "en": f"several {what['en']}s are called {told!r}"},
            {"zh": "改写它的编号", "en": "write its id instead"},
        )
    raise CellProblem(
        {"zh": f"登记中没有{what['zh']}“{told}”", "en": f"the registry has no {what['en']} {told!r}"},
        {"zh": "写已登记的编号或名称，或先登记它", "en": "the id or name of a registered one; or register it first"},
    )


def _yes_or_no(told: str, _around: Around) -> bool:
    answer = told.casefold()
    if answer in _YES or answer in _NO:
        return answer in _YES
    raise CellProblem(
        {"zh": f"“{told}”不是“是”或“否”", "en": f"{told!r} is neither yes nor no"},
        {"zh": "写“是”或“否”", "en": "yes or no"},
    )


def _hours(told: str, _around: Around) -> float | None:
    if told.casefold() in NOTHING:
        return None
    try:
        seconds = float(re.sub(r"(小时|h|hours?)\Z", "", told.casefold()).strip()) * 3600
    except ValueError:
        seconds = 0
    if not 1 <= seconds <= MOST_S:
        raise CellProblem(
            {"zh": f"“{told}”不是小时数", "en": f"{told!r} is no number of hours"},
            {"zh": f"写 1 到 {MOST_S // 3600} 的数，如 18", "en": f"a number up to {MOST_S // 3600}, like 18"},
        )
    return int(seconds) if seconds == int(seconds) else seconds


def _until(told: str, around: Around) -> str | None:
    """Read a day (its end, at the station) or a moment."""
    if told.casefold() in NOTHING:
        return None
    text = re.sub(r"[年月/.]", "-", told).replace("日", "").strip()
    match = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::\d{2})?)?", text)
    try:
        if match is None:
            moment = datetime.fromisoformat(told)
            moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=around.zone)
        else:
            year, month, day, hour, minute = (int(part) if part else None for part in match.groups())
            on = date(year or 0, month or 0, day or 0)
            if hour is None:
                on, hour, minute = on + timedelta(days=1), 0, 0
            moment = datetime.combine(on, time(hour, minute or 0), around.zone)
        return moment.isoformat()
    except (ValueError, OverflowError):
        raise CellProblem(
            {"zh": f"“{told}”不是日期", "en": f"{told!r} is no day"},
            {"zh": "写 2026-12-01 或 2026-12-01 18:00", "en": "2026-12-01 or 2026-12-01 18:00"},
        ) from None


def _kind(told: str, _around: Around) -> str:
    kind = KINDS_ZH.get(plain(told), told.casefold())
    if kind not in DEVICE_KINDS:
        raise CellProblem(
            {"zh": f"没有设备类型“{told}”", "en": f"there is no kind of device {told!r}"},
            {
                "zh": "、".join(dict(zip(KINDS_ZH.values(), KINDS_ZH, strict=True)).values()),
                "en": ", ".join(DEVICE_KINDS),
            },
        )
    return kind


_COLUMNS: dict[Kind, tuple[Column, ...]] = {
    "persons": (
        Column("id", ("编号", "人员编号"), ("id", "person"), "p-101", _id, needed=True),
        Column("name", ("姓名",), ("name",), "王某某", _name, needed=True),
        Column("place", ("住址", "地址", "住所"), ("place", "address", "home"), "1号楼101室", _place, needed=True),
        Column("lives_alone", ("独居", "是否独居"), ("lives_alone", "livesalone", "alone"), "是", _yes_or_no),
        Column(
            "silence_limit_s", ("无活动时限(小时)", "无活动时限"), ("silence_limit_h",), "18", _hours
        ),
        Column("away_until", ("外出至", "离家至"), ("away_until", "awayuntil"), "2026-12-01", _until),
        Column("phone", ("联系电话", "电话", "手机"), ("phone", "telephone"), "", _name),
    ),
    "devices": (
        Column("id", ("编号", "设备编号"), ("id", "device"), "door-101", _id, needed=True),
        Column("kind", ("类型", "设备类型"), ("kind", "type"), "门禁", _kind, needed=True),
        Column("name", ("名称", "设备名称"), ("name",), "1号楼单元门禁", _name, needed=True),
        Column("place", ("位置", "安装位置", "场所"), ("place", "location"), "东街小区1号楼", _place, needed=True),
        Column("via", ("网关", "所属网关"), ("via", "gateway"), "无", _via),
    ),
}  # fmt: skip
#: Fields of a person's care profile.
CARE = frozenset({"lives_alone", "silence_limit_s", "away_until"})
_OF_PERSONS = frozenset(field.name for field in msgspec.structs.fields(SitePerson)) | CARE


def columns(kind: Kind) -> list[Column]:
    """Return the columns of a kind of sheet that the registry has room for."""
    return [column for column in _COLUMNS[kind] if kind == "devices" or column.field in _OF_PERSONS]


def by_header(kind: Kind) -> dict[str, Column]:
    """Return the columns by each of their names, as they are compared."""
    return {plain(name): column for column in columns(kind) for name in (*column.zh, *column.en)}
