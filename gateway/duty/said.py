"""What a roster's gaps, doubts and answers read like, in Chinese and English; times are the station's. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.duty.coverage import Gap
from gateway.duty.doubts import Doubt
from gateway.duty.roster import Answer
from gateway.model.duty import DutyAs
from gateway.model.registry import Registry

#: How many gaps a sentence names.
NAMED = 3
CAPACITIES: dict[DutyAs, dict[str, str]] = {
    "officer": {"zh": "值班民警", "en": "officer on duty"},
    "deputy": {"zh": "副班", "en": "deputy"},
    "guard": {"zh": "护学岗", "en": "guard"},
    "commander": {"zh": "带班领导", "en": "commander"},
    "leader": {"zh": "所领导", "en": "station leader"},
}
_DOUBTS: dict[str, dict[str, str]] = {
    "no_roster": {
        "zh": "尚未排班：所有民警和指挥长都会收到推送",
        "en": "there is no roster: every officer and commander is told of everything",
    },
    "station_alone": {
        "zh": "全所没有值班民警：不在任何网格内的警情会推送给所有人",
        "en": "nobody is the station's own officer: what happens in no area is told to everybody",
    },
    "no_contact": {"zh": "{user} 没有任何联系方式", "en": "{user} has no contact"},
    "cannot_sign": {
        "zh": "{user} 的角色 {role} 不能签收警情",
        "en": "{user} has the role {role}, which may not sign incidents",
    },
    "unreachable_shift": {
        "zh": "班次 {shift} 中没有一个人能联系上",
        "en": "nobody in the shift {shift} can be reached",
    },
    "never_opens": {"zh": "班次 {shift} 在检查期内没有任何时段", "en": "the shift {shift} has no hours in this time"},
    "guard_without_place": {
        "zh": "护学岗 {shift} 没有写明地点",
        "en": "the guard post {shift} stands at no place: write its place",
    },
    "deputy_only": {
        "zh": "{area} 自 {from} 至 {until} 只有副班，由副班代行值班民警",
        "en": "{area} has only a deputy from {from} to {until}, who acts as the officer",
    },
    "swap_twice": {
        "zh": "{day} {by} 替 {instead_of} 值 {shift}，同时又在 {other} 值班",
        "en": "on {day} {by} stands in for {instead_of} in {shift} and serves in {other} at the same time",
    },
    "swap_in_vain": {
        "zh": "{day} {by} 替 {instead_of} 值 {shift} 的换班不起作用：当天轮不到 {instead_of}",
        "en": "{by} standing in for {instead_of} in {shift} on {day} changes nothing: it is not their turn",
    },
}


def gap_said(registry: Registry, gap: Gap) -> dict[str, str]:
    """Return a gap in words."""
    area = area_name(registry, gap.area)
    since, until = _local(registry, gap.from_), _local(registry, gap.until)
    people = {"zh": "、".join(gap.why["people"]), "en": ", ".join(gap.why["people"])}
    if gap.why["code"] == "nobody":
        return {
            "zh": f"{area} 自 {since} 至 {until} 无人值班",
            "en": f"{area}: nobody from {since} to {until}",
        }
    return {
        "zh": f"{area} 自 {since} 至 {until} 排了 {people['zh']}，但没有联系方式",
        "en": f"{area}: from {since} to {until} only {people['en']}, who cannot be reached",
    }


def gaps_said(registry: Registry, found: Sequence[Gap]) -> str:
    """Return the first gaps in one English sentence, for an error."""
    named = "; ".join(gap_said(registry, gap)["en"] for gap in found[:NAMED])
    more = f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return f"the roster leaves nobody: {named}{more}. Add somebody who has a contact there, above it or for the station"


def doubt_said(registry: Registry, doubt: Doubt) -> dict[str, str]:
    """Return a doubt in words."""
    about = {key: _local(registry, one) if isinstance(one, datetime) else one for key, one in doubt.about.items()}
    if "area" in about:
        about["area"] = area_name(registry, about["area"])
    return {language: text.format(**about) for language, text in _DOUBTS[doubt.code].items()}


def why_said(registry: Registry, answer: Answer) -> dict[str, str]:
    """Return in words why somebody answers."""
    why = answer.why
    if why["code"] == "last_resort":
        return {
            "zh": "排班表上无人可联系，通知所有民警",
            "en": "the roster names nobody who can be reached: all are told",
        }
    capacity = CAPACITIES[answer.duty_as]
    area = area_name(registry, why["area"])
    zh, en = f"{area}{capacity['zh']}", f"{capacity['en']} of {area}"
    if why["code"] == "guard":
        place = registry.places.get(why["place"])
        where = place.name if place is not None else area
        zh, en = f"{where}护学岗", f"guard at {where}"
    if why.get("acting"):
        zh, en = f"{area}副班，代行值班民警", f"deputy of {area}, acting as the officer"
    if why["shift"] is not None:
        zh, en = f"{zh}（班次 {why['shift']}）", f"{en} (shift {why['shift']})"
    if why["instead_of"] is not None:
        zh, en = f"{zh}，替 {why['instead_of']}", f"{en}, instead of {why['instead_of']}"
    return {"zh": zh, "en": en}


def area_name(registry: Registry, area: str | None) -> str:
    """Return an area's name; the station's for None."""
    found = registry.areas.get(area) if area is not None else None
    return found.name if found is not None else area or registry.station.name


def gap_shown(registry: Registry, gap: Gap) -> dict[str, Any]:
    """Return a gap as the API and the command line show it."""
    shown = {"area": gap.area, "from": gap.from_, "until": gap.until, "why": gap.why}
    return {**shown, "said": gap_said(registry, gap)}


def doubt_shown(registry: Registry, doubt: Doubt) -> dict[str, Any]:
    """Return a doubt as the API and the command line show it."""
    return {"code": doubt.code, "about": doubt.about, "said": doubt_said(registry, doubt)}


def _local(registry: Registry, moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo(registry.station.time_zone)):%Y-%m-%d %H:%M}"
