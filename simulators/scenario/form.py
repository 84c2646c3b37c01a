"""The form of a scenario file: who plays, what happens, what must come of it. `docs/scenarios.md` explains it."""

from typing import Annotated, Any, Literal

import msgspec

from simulators.scenario.span import Span

ZERO = Span(0)
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*\Z")]
Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\Z")]
Count = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
Priority = Literal["P1", "P2", "P3", "P4"]
Some = str | list[str]
"""One or several names: of kinds, roles or rules."""


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a scenario file; a word nobody knows is an error, not a comment."""


class Both(Strict, frozen=True):
    """A text in both languages."""

    zh: str
    en: str


class Having(Strict, frozen=True):
    """So many devices of a kind there, or below, or behind."""

    device: Some = "*"
    count: Count = 1
    connected: bool = False


class Wish(Strict, frozen=True):
    """What is asked of a person. `kit` must all be at their home, of `kit_any` one, of `kit_lacks` none."""

    lives_alone: bool | None = None
    kit: list[str] = []
    kit_any: list[str] = []
    kit_lacks: list[str] = []
    own_limit: bool | None = None


class Beyond(Strict, frozen=True):
    """At least so many metres from an earlier role, as the crow flies."""

    of: str
    metres: float


class Selector(Strict, frozen=True):
    """Who plays a role: exactly one of `device`, `place`, `area`, `person`, and what is asked of them."""

    device: Some | None = None
    place: Some | None = None
    area: Some | None = None
    person: Wish | None = None
    where: Some | None = None
    """Of a device: the kind of place it hangs at."""
    inside: str | None = None
    """A role: of the same area, place (or below it), home."""
    behind: str | None = None
    """Of a device: the role of its gateway."""
    connected: bool | None = None
    """Of a device: it connects itself (true) or speaks through a gateway (false)."""
    has: list[Having] = []
    elders: int = 0
    """Of an area or place: at least so many elders living alone."""
    attributes: dict[str, Any] = {}
    """Of a device or place: what the site file says of it (a device's go over its place's); "*" for any value."""
    spread: bool = False
    """Of several: no two in the same area."""
    beyond: Beyond | None = None
    count: Count | Literal["all"] = 1
    nth: Count | None = None


class Say(Strict, frozen=True, kw_only=True):
    """A device (or each of several, `each` after the one before) says an event, `times` times."""

    say: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]+\.[a-z_]+\Z")]
    by: str
    at: Span = ZERO
    name: Name | None = None
    data: dict[str, Any] = {}
    """`{of: ROLE}` as a value is the id of that role, or the ids when several play it."""
    clock: Span = ZERO
    """How far the device's own clock is ahead."""
    times: Count = 1
    every: Span = ZERO
    each: Span = ZERO


class Mute(Strict, frozen=True, kw_only=True):
    """The ordinary messages of these devices are not said."""

    mute: Some
    begin: Span = msgspec.field(name="from", default=ZERO)
    end: Span = msgspec.field(name="to")
    name: Name | None = None
    heartbeats: Literal["kept", "muted"] = "kept"


class Hold(Strict, frozen=True, kw_only=True):
    """Messages of a span arrive after it, within `over`, in their old order and with their old times."""

    hold: Some
    begin: Span = msgspec.field(name="from", default=ZERO)
    end: Span = msgspec.field(name="to")
    name: Name | None = None
    over: Span = Span(seconds=30)


class Offline(Strict, frozen=True):
    """The broker publishes the last wills of these devices."""

    offline: Some
    at: Span = ZERO
    name: Name | None = None
    each: Span = ZERO


class Online(Strict, frozen=True):
    """These devices connect again."""

    online: Some
    at: Span = ZERO
    name: Name | None = None
    each: Span = ZERO


class Care(Strict, frozen=True):
    """A person's care profile changes; `{in: 3 days}` as a value is that moment, null removes."""

    person: str
    care: dict[str, Any]
    at: Span = ZERO
    name: Name | None = None


class Drill(Strict, frozen=True):
    """A drill of this button is announced for some minutes."""

    drill: str
    at: Span = ZERO
    minutes: Count = 15
    note: str = ""
    name: Name | None = None


Step = Say | Mute | Hold | Offline | Online | Care | Drill


class Steps(tuple[Step, ...]):
    """The steps in the order of the file; the word they begin with says which is which."""

    __slots__ = ()


STEPS: dict[str, type[Step]] = {
    "say": Say,
    "mute": Mute,
    "hold": Hold,
    "offline": Offline,
    "online": Online,
    "person": Care,
    "drill": Drill,
}


class Told(Strict, frozen=True, kw_only=True):
    """Somebody is told on a channel, counted from the alert's sound."""

    within: Span
    channel: str = "phone"
    role: str | None = None
    drill: bool | None = None


class Rung(Strict, frozen=True, kw_only=True):
    """The ladder climbs to this rung (the first call is 0), counted from the alert's sound."""

    within: Span
    number: Count = 1


class Over(Strict, frozen=True, kw_only=True):
    """The alert ends by itself, counted from a step, or from the alert's sound."""

    within: Span
    how: Literal["cleared", "retracted", "either"] = "either"
    after: str | None = None


class Must(Strict, frozen=True, kw_only=True):
    """What must happen. `alert` or `work_item` names the rule; times count from the step `after`."""

    alert: str | None = None
    work_item: str | None = None
    about: str | None = None
    after: str = "begin"
    not_before: Span = ZERO
    within: Span
    priority: Priority | None = None
    explained_by: str | None = None
    drill: bool | None = None
    told: list[Told] | Told = []
    rung: Rung | None = None
    over: Over | None = None
    count: Count | None = None
    each: bool = False
    optional: bool = False

    @property
    def rule(self) -> str:
        """The rule that must see it."""
        return self.alert or self.work_item or ""

    @property
    def stream(self) -> str:
        """`alert` or `work_item`."""
        return "alert" if self.alert is not None else "work_item"


class MustNot(Strict, frozen=True, kw_only=True):
    """What must not happen more than `more_than` times. Suppressed things don't count."""

    rules: Some
    but: list[str] = []
    about: Some | None = None
    inside: Some | None = None
    after: str = "begin"
    within: Span | None = None
    stream: Literal["alert", "work_item", "any"] = "any"
    sounding: bool = False
    more_than: int = 0


class Scenario(Strict, frozen=True, kw_only=True):
    """A scenario. `begins` is local time of day; `weekday` 1 is the Monday of a week without holidays."""

    id: Id
    title: Both
    shows: Both
    begins: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d\Z")]
    weekday: Annotated[int, msgspec.Meta(ge=1, le=7)] | None = None
    day: Literal["work", "rest", "school", "moved_work"] | None = None
    """The first such day; `moved_work`: the nearest Saturday known to have been made a workday, schools open."""
    warm_up: Span
    life: Literal["town", "cast"] = "town"
    """Whose ordinary life goes on around it: `cast` where rules must know weeks of it."""
    lasts: Span
    cast: dict[Name, Selector]
    steps: Steps
    must: list[Must] = []
    must_not: list[MustNot] = []
    quiet_cast: bool = True
    """No alert of a rule that isn't named sounds about the cast."""


def several(some: Some) -> list[str]:
    """Return one or several names as a list."""
    return [some] if isinstance(some, str) else some
