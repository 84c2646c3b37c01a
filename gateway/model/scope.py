"""Whose data a query may see. Every query of the API takes one: jurisdiction is in the SQL, not in the routes."""

from __future__ import annotations

import msgspec


class Scope(msgspec.Struct, frozen=True):
    """One station, and the areas within it (None: all of them)."""

    station: str
    areas: tuple[str, ...] | None = None

    def parameters(self) -> dict[str, object]:
        """The parameters every scoped query names."""
        return {"station": self.station, "areas": list(self.areas) if self.areas is not None else None}
