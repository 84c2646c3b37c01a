"""A number of a rule, and whose word goes over it.

    params:
      for_s: 60                                      # the same for all
      for_s: {default: 60, attribute: held_limit_s}  # the subject's own attribute goes over it

The attribute is the place's, over it the device's; a person's is the care profile's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any


class Parameter:
    """One number."""

    def __init__(self, rule: str, name: str, told: object) -> None:
        self._source = f"{rule} params.{name}"
        self.attribute: str | None = None
        if isinstance(told, Mapping):
            if set(told) != {"default", "attribute"}:
                message = f"{name} is a number, or {{default, attribute}}"
                raise ValueError(message)
            self.attribute, told = str(told["attribute"]), told["default"]
        if isinstance(told, bool) or not isinstance(told, int | float) or not told > 0:
            message = f"{name} is {told!r}; it must be a number above 0"
            raise ValueError(message)
        self.default = float(told)

    def of(self, about: Mapping[str, Any]) -> float:
        """The number for a subject with these attributes; one that is no number above 0 is not followed."""
        own = about.get(self.attribute) if self.attribute is not None else None
        return self.default if isinstance(own, bool) or not isinstance(own, int | float) or own <= 0 else float(own)

    def span(self, about: Mapping[str, Any]) -> timedelta:
        """The number as seconds."""
        return timedelta(seconds=self.of(about))

    def source(self, subject: str, about: Mapping[str, Any]) -> str:
        """Where the number for a subject came from, as an explanation names it."""
        own = self.attribute is not None and self.of(about) == about.get(self.attribute)
        return f"{subject} {self.attribute}" if own else self._source
