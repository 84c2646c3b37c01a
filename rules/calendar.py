"""When a rule counts: hours and days at the station, with Chinese public holidays and shifted workdays (调休).

Only time within the schedule counts: an event outside of it is not looked at, and a wait goes on while it lasts only.

    schedule: {days: workdays, from: "07:50", to: "17:30"}      # class hours
    schedule: {days: all, from: "22:00", to: "05:00"}           # nights; may pass midnight
    schedule: {days: workdays, from: "08:00", to: "18:00", outside: true}   # whenever it is not office hours
    schedule: {days: workdays, hours: class_hours, …}           # the place's attribute «07:50-17:30» goes over the rest
    schedule: {days: [fri, sat], from: "20:00", to: "02:00"}    # by the week, holidays or not: a night market

`workdays` follow the state council's yearly notice as the `holidays` library has it; for a year it does not know yet,
shifted workdays are missing and statutory days alone count. `except` leaves out spans of the year (school holidays).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

import holidays
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

#: How far ahead a wait is followed; a schedule with longer pauses than this never opens.
FARTHEST_DAYS = 400
_DAY = timedelta(days=1)
_Hour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
_Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[_Weekday, ...] = get_args(_Weekday)
_YearDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class Schedule(BaseModel):
    """Hours and days in the station's time zone."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    days: Literal["all", "workdays", "rest_days"] | Annotated[tuple[_Weekday, ...], Field(min_length=1)] = "all"
    from_: _Hour = Field(default="00:00", alias="from")
    to: _Hour = "00:00"
    outside: bool = False
    #: An attribute of the subject (`HH:MM-HH:MM`) that goes over `from` and `to`.
    hours: str | None = None
    #: Spans of the year (`MM-DD`, both ends included) on which it never counts, `outside` or not.
    except_: tuple[tuple[_YearDay, _YearDay], ...] = Field(default=(), alias="except")

    @field_validator("from_", "to", mode="before")
    @classmethod
    def _an_hour_is_quoted(cls, told: object) -> object:
        if isinstance(told, int):  # YAML reads 22:00 as a number of base sixty
            message = "quote the hour: YAML reads 22:00 without quotes as a number"
            raise ValueError(message)  # noqa: TRY004  # pydantic wants ValueError
        return told

    @model_validator(mode="after")
    def _says_something(self) -> Schedule:
        if self.outside and self.days == "all" and self.from_ == self.to and self.hours is None:
            message = "outside of all hours of all days is never"
            raise ValueError(message)
        return self

    def includes(self, moment: datetime, zone: ZoneInfo, about: Mapping[str, Any]) -> bool:
        """Say whether a moment (aware) counts; `about` are the subject's attributes."""
        return self._inside(moment.astimezone(zone), *self._hours(about))

    def after(self, since: datetime, counted: timedelta, zone: ZoneInfo, about: Mapping[str, Any]) -> datetime | None:
        """Return the moment (UTC) at which so much scheduled time has passed since a moment.

        None when the schedule does not open for that long within `FARTHEST_DAYS`.
        """
        left = counted
        for opens, closes in self._windows(since.astimezone(zone), *self._hours(about)):
            begins = max(opens, since)
            if closes - begins >= left:
                return begins + left
            left -= max(closes - begins, timedelta())
        return None

    def windows(
        self, since: datetime, until: datetime, zone: ZoneInfo, about: Mapping[str, Any]
    ) -> Iterator[tuple[datetime, datetime]]:
        """Spans (UTC) that count within `[since, until)`, in order; cut at midnight and where hours begin or end."""
        for opens, closes in self._windows(since.astimezone(zone), *self._hours(about), until):
            begins, ends = max(opens, since), min(closes, until)
            if begins < ends:
                yield begins, ends

    def began(self, moment: datetime, zone: ZoneInfo, about: Mapping[str, Any]) -> date:
        """Return the local day on which the hours that include a moment began: a night belongs to the day before.

        With `outside` the hours begin when those that are left out end.
        """
        local = moment.astimezone(zone)
        opens, closes = self._hours(about)
        begin = closes if self.outside else opens
        return local.date() if local.timetz().replace(tzinfo=None) >= begin else local.date() - _DAY

    def _hours(self, about: Mapping[str, Any]) -> tuple[time, time]:
        told = about.get(self.hours) if self.hours is not None else None
        if isinstance(told, str) and "-" in told:
            opens, _, closes = told.partition("-")
            try:
                return time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip())
            except ValueError:
                pass  # an attribute that is no span: the rule's own hours hold
        return time.fromisoformat(self.from_), time.fromisoformat(self.to)

    def _inside(self, local: datetime, opens: time, closes: time) -> bool:
        if self._left_out(local.date()):
            return False
        now = local.timetz().replace(tzinfo=None)
        if opens < closes:
            inside = opens <= now < closes and self._is_day(local.date())
        else:  # over midnight, or the whole day: the night belongs to the day it began on
            inside = (now >= opens and self._is_day(local.date())) or (
                now < closes and self._is_day(local.date() - _DAY)
            )
        return inside is not self.outside

    def _windows(
        self, local: datetime, opens: time, closes: time, until: datetime | None = None
    ) -> Iterator[tuple[datetime, datetime]]:
        """Spans (UTC) that count, from the day of a moment on, in order; those of one day cut at its edges."""
        zone = local.tzinfo
        for number in range(FARTHEST_DAYS):
            day = local.date() + number * _DAY
            if until is not None and datetime.combine(day, time.min, zone) >= until:
                return
            edges = sorted({time.min, opens, closes})
            starts = [datetime.combine(day, edge, zone) for edge in edges]
            for begin, end in zip(starts, [*starts[1:], datetime.combine(day + _DAY, time.min, zone)], strict=True):
                if self._inside(begin, opens, closes):
                    yield begin.astimezone(UTC), end.astimezone(UTC)

    def _is_day(self, day: date) -> bool:
        if self.days == "all":
            return True
        if isinstance(self.days, tuple):
            return WEEKDAYS[day.weekday()] in self.days
        return is_workday(day) is (self.days == "workdays")

    def _left_out(self, day: date) -> bool:
        told = f"{day:%m-%d}"
        return any(
            first <= told <= last if first <= last else told >= first or told <= last for first, last in self.except_
        )


@cache
def is_workday(day: date) -> bool:
    """Say whether people work on a day in China: no public holiday, and no weekend unless it was made a workday."""
    return bool(_china(day.year).is_working_day(day))


@cache
def _china(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("CN", years=year)
