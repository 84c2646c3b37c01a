"""A measured value beside its target and the limit it must not pass."""

from __future__ import annotations

import msgspec

from gateway.figures.sheet import Column


class Target(msgspec.Struct, frozen=True):
    """`ok`: within the limit; `on_target`: as good as it should be. Both None when there is nothing to measure."""

    code: str
    name: dict[str, str]
    value: float | None
    target: float
    limit: float
    ok: bool | None
    on_target: bool | None

    @classmethod
    def at_most(
        cls, code: str, name: dict[str, str], value: float | None, target: float, limit: float | None = None
    ) -> Target:
        """A value that may be at most `target`, and must be at most `limit` (the target unless given)."""
        most = target if limit is None else limit
        if value is None:
            return cls(code, name, None, target, most, None, None)
        return cls(code, name, value, target, most, value <= most, value <= target)

    @classmethod
    def at_least(cls, code: str, name: dict[str, str], value: float | None, target: float) -> Target:
        """A value that must be at least the target."""
        enough = None if value is None else bool(value >= target)
        return cls(code, name, value, target, target, ok=enough, on_target=enough)


COLUMNS = (
    Column("code", "代码", "code"),
    Column("name", "指标", "indicator"),
    Column("value", "数值", "value"),
    Column("target", "目标", "target"),
    Column("limit", "限值", "limit"),
    Column("ok", "在限值内", "within limit"),
    Column("on_target", "达标", "on target"),
)
