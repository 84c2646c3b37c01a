"""What an alert tells of a silence, in plain figures: for templates, for the log, for whoever reads it aloud."""

from __future__ import annotations

from typing import Any

from rules.rhythm.due import Due
from rules.rhythm.profile import SLOTS, Profile

#: The version of the method, kept with each alert.
MODEL = "rhythm-1"
#: A half-hour is normally active when it was on at least half of the days.
NORMALLY = 0.5


def figures_of(profile: Profile, due: Due, rho: float, first: int, now: int) -> dict[str, Any]:
    """Return the figures of a silence over the half-hours `first` to before `now` (numbers since 1970, local)."""
    active = [number for number in range(first, now) if profile.usual(number % SLOTS) >= NORMALLY]
    exit_slot = profile.first_exit()
    p95 = profile.hours.quantile(0.95)
    return {
        "half_hours": max(0, now - first),
        "half_hours_active": len(active),
        "first_exit": clock(exit_slot) if exit_slot is not None else None,
        "exit_zh": f"平时{clock(exit_slot)}前开过门。" if exit_slot is not None else "",
        "exit_en": f" The door is usually used by {clock(exit_slot)}." if exit_slot is not None else "",
        "p95_h": round(p95, 1) if p95 is not None else "—",
        "longest_h": round(profile.longest_h(), 1),
        "theta_S": round(due.score_limit, 2),
        "theta_G": round(profile.hours.level(rho), 1),
        "theta_D": round(due.door_limit_h, 1),
        "rho": rho,
        "days_known": round(profile.score.days, 1),
        "model": MODEL,
    }


def clock(slot: int) -> str:
    """The end of a half-hour of the day, as `09:30`."""
    hours, half = divmod(slot + 1, 2)
    return f"{hours:02d}:{'30' if half else '00'}"


def how_often(rho: float) -> dict[str, str]:
    """How often so many false alerts a month are, in words."""
    if rho >= 1.0:
        often = round(rho)
        zh = f"每月约{_ZH.get(often, often)}次"
        en = {1: "about once a month", 2: "about twice a month"}.get(often, f"about {often} times a month")
        return {"zh": zh, "en": en}
    months = round(1.0 / rho)
    return {"zh": f"{_ZH.get(months, months)}个月约一次", "en": f"about once in {months} months"}


_ZH = {1: "一", 2: "两", 3: "三", 4: "四", 5: "五", 6: "六"}

#: Which limit was passed, or what ended the alert. `{usual}` and `{missed}` say what is usual, where that is known.
_WHY = {
    "score": (
        "{usual}近六十天最长{longest_h}小时（含夜间）{missed}",
        "{usual}the longest in 60 days, nights included, was {longest_h} h{missed}",
    ),
    "door": (
        "最后一次是门口的动静，之后不是没回来，就是在家没有动静；这样的情况平时不超过大约{theta_D}小时",
        "the last sign was at the door: not back, or inside and silent; such silences stay below about {theta_D} h",
    ),
    "out": (
        "最后一次是出门，还没有回来；平时出门不超过大约{theta_D}小时",
        "the last sign was leaving, and nobody came back; outings stay below about {theta_D} h",
    ),
    "own": ("到了为本人单独设定的时限", "this person's own limit is reached"),
    "cap": ("到了无论如何都要看一看的时限", "the limit after which somebody looks in anyway is reached"),
    "floor": ("比平时安静得多{missed}", "much quieter than usual{missed}"),
    "cold": ("还在了解本人的作息，先按固定时限", "the rhythm is still being learnt: a fixed limit counts"),
    "ceiling": (
        "家里的传感器都听不到，无法判断，已经等得太久",
        "no sensor of the home can be heard, and that for too long",
    ),
    "sign": ("现在又有动静了", "there is a sign of life again"),
    "late": ("当时其实有动静，消息来晚了", "there had been a sign of life; word of it came late"),
    "away": ("已登记外出，或不再独居", "registered as away, or no longer living alone"),
}


def why(figures: dict[str, Any], by: str) -> dict[str, str]:
    """Say which limit was passed (or what ended the alert) and what is usual, in both languages."""
    p95, missed = figures.get("p95_h", "—"), figures.get("half_hours_active", 0)
    sign = ("开门", "use of the door") if figures["kit"] == "door" else ("动静", "a sign of life")
    zh, en = _WHY[by]
    usual = ("", "")
    if p95 != "—" and figures.get("silent_hours", p95) < p95:  # a night is as long: it is the time of day that tells
        usual = (
            f"一天里这个时段，平时很少这么久没有{sign[0]}，",
            f"at this time of day hardly ever so long without {sign[1]}, ",
        )
    elif p95 != "—":
        usual = (f"平时很少连续{p95}小时以上没有{sign[0]}，", f"rarely more than {p95} h without {sign[1]}, ")
    return {
        "zh": zh.format(
            usual=usual[0],
            missed=f"。这段时间里有{missed}个半小时平时多半有{sign[0]}，这次一个也没有" if missed else "",
            **figures,
        ),
        "en": en.format(
            usual=usual[1],
            missed=f". Half-hours that are normally active: {missed}; none was" if missed else "",
            **figures,
        ),
    }


def sensor_told(name: str, minutes: int | None, *, fine: bool) -> dict[str, str]:
    """Say how a sensor is: heard so many minutes ago, or lost."""
    zh, en = f"{name}{'正常' if fine else '失联'}", f"{name} {'ok' if fine else 'lost'}"
    if minutes is None:
        return {"zh": zh, "en": en}
    if minutes < 1:
        return {"zh": f"{zh}（刚刚有信号）", "en": f"{en} (heard just now)"}
    hours = round(minutes / 60)
    ago = (f"{minutes}分钟", f"{minutes} min") if hours < 1 else (f"{hours}小时", f"{hours} h")
    return {"zh": f"{zh}（{ago[0]}前有信号）", "en": f"{en} (heard {ago[1]} ago)"}
