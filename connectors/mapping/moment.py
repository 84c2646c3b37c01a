"""When something happened, by what a message says: seconds or milliseconds since 1970, or a date in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from connectors.mapping.expression import Absent, Context, Expression, Failed
from connectors.payload import check_time
from gateway.model.errors import BadInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment:
    """Where a message's time stands.

    `unit`: of a number; text is always read as ISO 8601. `zone`: of text that says no offset.
    """

    def __init__(self, told: Expression, unit: str, zone: tzinfo | None) -> None:
        self._told, self._unit, self._zone = told, unit, zone

    def of(self, context: Context) -> datetime | None:
        """Return the moment (aware), or None when this message says none. Raises `BadInput`."""
        try:
            told = self._told.follow(context)
        except (Absent, Failed):  # a bare word has no field to look into
            return None
        if told is None:
            return None
        moment = self._read(told)
        check_time(moment)
        return moment.astimezone(UTC)

    def _read(self, told: object) -> datetime:
        if isinstance(told, datetime):
            return told if told.tzinfo is not None else self._at_home(told)
        if isinstance(told, str):
            try:
                return self._at_home(datetime.fromisoformat(told))
            except ValueError as error:
                raise BadInput(f"{told[:100]!r} is no time; ISO 8601 is read", reason="schema") from error
        if isinstance(told, bool) or not isinstance(told, int | float) or self._unit == "iso":
            raise BadInput(f"{told!r:.100} is no time in the unit {self._unit}", reason="schema")
        try:
            return _EPOCH + timedelta(seconds=told / 1000 if self._unit == "ms" else told)
        except (OverflowError, ValueError) as error:  # too far, or no number at all
            raise BadInput(f"{told!r:.100} is no time at which anything happened", reason="absurd_ts") from error

    def _at_home(self, moment: datetime) -> datetime:
        if moment.tzinfo is not None:
            return moment
        if self._zone is None:
            raise BadInput(f"{moment.isoformat()} has no offset; say `timezone` in the mapping", reason="schema")
        return moment.replace(tzinfo=self._zone)
