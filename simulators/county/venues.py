"""Where people come and go: schools, streets, the mall, the night market, the bar street, works, hazardous sites."""

from simulators.county.names import BARS, COUNTERS, ENTERPRISES, HAZARDOUS, SCHOOLS, STALLS
from simulators.county.plan import Draft, Entry, Grid

SECOND_BUTTON_BELOW = 9
"""So many schools have a second button, in the office."""
FIRST_SCHOOLS = ("grid-101", "grid-201", "grid-202")
"""Where the schools are that the small demo station has, too."""
SCREEN_EVERY = 5
BELLS = ("07:50-16:10", "08:00-16:20", "08:10-16:30")
"""Class hours of the schools, in turn."""
STORE: Entry = {"restricted": True, "opening_hours": "08:00-18:00", "forced_by_sequence": True}
COUNTED: Entry = {"counts_people": True}
HAZARDS: tuple[Entry, ...] = (
    {"reports_sales": True, "attended": True, "guard_hours": "06:00-23:00", "unattended_s": 2700},
    {"reports_sales": True, "attended": True, "guard_hours": "06:00-23:00", "unattended_s": 2700},
    {"attended": True},
    {"reports_sales": True},
    {"reports_sales": True, "attended": True},
    {"attended": True},
)
"""What the law asks of each hazardous site, in the order of their names: whoever has no guard hours is never left."""


def open_venues(draft: Draft, grids: list[Grid]) -> None:
    """Add all of them; which grid has which is drawn, but for the first schools."""
    _schools(draft, grids)
    _streets(draft, grids)
    by_id = {grid.id: grid for grid in grids}
    _mall(draft, by_id["grid-202"])
    _night_market(draft, by_id["grid-203"])
    _bar_street(draft, by_id["grid-301"])
    spread = draft.dice.sample(grids, len(ENTERPRISES) + len(HAZARDOUS))
    for number, name in enumerate(ENTERPRISES, 1):
        _works(draft, spread.pop(), f"enterprise-{number}", "enterprise", name, "贵重品库房")
    for number, (name, asked) in enumerate(zip(HAZARDOUS, HAZARDS, strict=True), 1):
        _works(draft, spread.pop(), f"hazard-{number}", "hazardous_site", name, "危险品库房", asked)


def _schools(draft: Draft, grids: list[Grid]) -> None:
    others = [grid for grid in grids if grid.id not in FIRST_SCHOOLS]
    homes = [grid for wanted in FIRST_SCHOOLS for grid in grids if grid.id == wanted]
    homes += draft.dice.sample(others, len(SCHOOLS) - len(homes))
    for number, (grid, name) in enumerate(zip(homes, SCHOOLS, strict=True), 1):
        school = f"school-{number}"
        bells = BELLS[number % len(BELLS)]
        hours: Entry = {"class_hours": bells, "opening_hours": "06:00-19:00"}
        draft.place(grid, name, "school_gate", school, attributes=hours)
        draft.device(f"{school}-button", "school_button", school, f"{name}门卫室一键报警")
        if number <= SECOND_BUTTON_BELOW:
            draft.device(f"{school}-button-2", "school_button", school, f"{name}教务处一键报警")
        draft.device(f"{school}-gate", "door_controller", school, f"{name}人行门禁")
        draft.device(f"{school}-camera", "camera", school, f"{name}校门枪机")


def _streets(draft: Draft, grids: list[Grid]) -> None:
    for grid in grids:
        street = f"street-{grid.id.removeprefix('grid-')}"
        draft.place(grid, f"{grid.street}路口", "street", street)
        draft.device(f"{street}-camera", "camera", street, f"{grid.street}路口枪机")
        if grid.number % SCREEN_EVERY == 0:
            draft.device(f"{street}-screen", "screen", street, f"{grid.street}宣传屏")


def _mall(draft: Draft, grid: Grid) -> None:
    area = "mall-area"
    draft.areas.append({"id": area, "kind": "special_grid", "parent": grid.id, "name": "万家商场"})
    spot = draft.place(grid, "万家商场", "mall", "mall", area=area)
    draft.device("mall-gateway", "gateway", "mall", "万家商场边缘网关")
    staff_door = "mall-staff-door"
    draft.device(staff_door, "door_controller", "mall", "万家商场员工通道门禁", "mall-gateway", attributes=COUNTED)
    draft.device("mall-fire-exit", "door_controller", "mall", "万家商场消防通道门禁", "mall-gateway")
    draft.device("mall-camera", "camera", "mall", "万家商场大门球机")
    draft.device("mall-lane-camera", "camera", "mall", "万家商场消防车道相机")
    draft.device("mall-screen", "screen", "mall", "万家商场大屏")
    stockroom, kind = "mall-stockroom", "restricted_door"
    draft.place(grid, "万家商场贵重品库房", kind, stockroom, area=area, spot=spot, parent="mall", attributes=STORE)
    draft.device("mall-stockroom-door", "door_controller", "mall-stockroom", "万家商场贵重品库房门禁", "mall-gateway")
    draft.device("mall-stockroom-motion", "motion", "mall-stockroom", "万家商场贵重品库房红外", "mall-gateway")
    for number, counter in enumerate(COUNTERS, 1):
        place = f"mall-shop-{number}"
        draft.place(grid, f"万家商场{counter}店", "shop", place, area=area, spot=spot, parent="mall")
        draft.device(f"{place}-door", "door_contact", place, f"万家商场{counter}店门磁", "mall-gateway")


def _night_market(draft: Draft, grid: Grid) -> None:
    area = "night-market-area"
    draft.areas.append({"id": area, "kind": "special_grid", "parent": grid.id, "name": "新城夜市"})
    limit: Entry = {"crowd_limit": 300}
    spot = draft.place(grid, "新城夜市入口", "market", "night-market", area=area, attributes=limit)
    draft.device("night-market-gateway", "gateway", "night-market", "新城夜市边缘网关")
    draft.device("night-market-camera", "camera", "night-market", "新城夜市球机")
    draft.device("night-market-camera-2", "camera", "night-market", "新城夜市西口枪机")
    draft.device("night-market-screen", "screen", "night-market", "新城夜市提示屏")
    for number, dish in enumerate(STALLS, 1):
        stall = f"stall-{number}"
        draft.place(grid, f"新城夜市{dish}摊", "stall", stall, area=area, spot=spot, parent="night-market")
        draft.device(f"{stall}-door", "door_contact", stall, f"新城夜市{dish}摊柜门磁", "night-market-gateway")


def _bar_street(draft: Draft, grid: Grid) -> None:
    """The trouble spot; its doors speak through the gateway of the nearest building."""
    area = "bar-street-area"
    draft.areas.append({"id": area, "kind": "special_grid", "parent": grid.id, "name": "老街酒吧街"})
    draft.place(grid, "老街酒吧街", "street", "bar-street", area=area)
    draft.device("bar-street-camera", "camera", "bar-street", "老街酒吧街球机")
    for number, name in enumerate(BARS, 1):
        bar = f"bar-{number}"
        draft.place(grid, name, "bar", bar, area=area)
        draft.device(f"{bar}-door", "door_contact", bar, f"{name}店门门磁", f"building-{2 * grid.number + 1}-gateway")


def _turnstiles(draft: Draft, place: str, name: str) -> None:
    """The gate of the works: in by one, out by the other; both count, and nobody comes in twice on one card."""
    for device, passage, called in ((f"{place}-gate", "in", "入口"), (f"{place}-gate-out", "out", "出口")):
        attributes = {**COUNTED, "zone": place, "passage": passage}
        draft.device(
            device, "door_controller", place, f"{name}大门{called}闸机", f"{place}-gateway", attributes=attributes
        )


def _works(
    draft: Draft, grid: Grid, place: str, kind: str, name: str, store: str, attributes: Entry | None = None
) -> None:
    spot = draft.place(grid, name, kind, place, attributes=attributes)
    hub = f"{place}-gateway"
    draft.device(hub, "gateway", place, f"{name}边缘网关")
    if kind == "enterprise":
        _turnstiles(draft, place, name)
    else:
        draft.device(f"{place}-gate", "door_controller", place, f"{name}大门门禁", hub)
    draft.device(f"{place}-camera", "camera", place, f"{name}大门枪机")
    draft.place(grid, f"{name}{store}", "restricted_door", f"{place}-store", spot=spot, parent=place, attributes=STORE)
    draft.device(f"{place}-store-door", "door_controller", f"{place}-store", f"{name}{store}门禁", hub)
    draft.device(f"{place}-store-back", "door_controller", f"{place}-store", f"{name}{store}后门门禁", hub)
