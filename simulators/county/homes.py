"""Where people live: buildings, their flats and shops, and the elders with their kits."""

from simulators.county.names import BUSINESSES, Names
from simulators.county.plan import Draft, Grid

BUILDINGS_PER_GRID = 2
FLOORS, FLATS_PER_FLOOR = 8, 4
SHOPS_PER_BUILDING = 4
CAMERA_EVERY = 6
KEY_GOODS = ("药房", "五金")
"""Trades whose sales of some goods are reported: certain medicines, knives."""
ELDERS = 60
KITS = (("motion",), (), ("meter",))
"""What an elder's flat has beside its door contact, in turn."""
SOS_EVERY = 3
SHORT_LIMIT_S = 43_200
SHORT_LIMIT = frozenset({4, 6})
"""The two elders, counted from 1, who are looked after sooner: one with motion, one with a water meter."""


def settle(draft: Draft, grids: list[Grid], names: Names) -> None:
    """Build the houses of all grids and let people move in."""
    numbers = range(1, BUILDINGS_PER_GRID * len(grids) + 1)
    # The first flat of the first building is always an elder's, so that examples can name it.
    homes = {1: ["101"]} | {
        number: [str(100 * draft.dice.randint(1, 5) + draft.dice.randint(1, FLATS_PER_FLOOR))]
        for number in sorted(draft.dice.sample(numbers[1:], ELDERS - 1))
    }
    elder = 0
    for number in numbers:
        grid = grids[(number - 1) // BUILDINGS_PER_GRID]
        spot = _building(draft, grid, number)
        for flat in _flats():
            if flat in homes.get(number, ()):
                elder += 1
                _elder(draft, grid, number, flat, elder, names, spot)
            else:
                _flat(draft, grid, number, flat, spot)
                device = f"flat-{number}-{flat}-lock"
                draft.device(device, "door_controller", f"flat-{number}-{flat}", f"{flat}室智能门锁", _hub(number))
        _shops(draft, grid, number)


def _flats() -> list[str]:
    return [str(100 * floor + door) for floor in range(1, FLOORS + 1) for door in range(1, FLATS_PER_FLOOR + 1)]


def _hub(number: int) -> str:
    return f"building-{number}-gateway"


def _called(grid: Grid, number: int) -> str:
    return f"{grid.street}小区{(number - 1) % BUILDINGS_PER_GRID + 1}号楼"


def _building(draft: Draft, grid: Grid, number: int) -> tuple[float, float]:
    building, name = f"building-{number}", _called(grid, number)
    spot = draft.place(grid, name, "building", building)
    draft.device(_hub(number), "gateway", building, f"{name}边缘网关")
    draft.device(f"{building}-entrance", "door_controller", building, f"{name}一单元门禁", _hub(number))
    draft.device(f"{building}-entrance-2", "door_controller", building, f"{name}二单元门禁", _hub(number))
    draft.device(f"{building}-back", "door_controller", building, f"{name}后门门禁", _hub(number))
    if number % CAMERA_EVERY == 1:
        draft.device(f"{building}-camera", "camera", building, f"{name}高空抛物与消防通道相机")
    return spot


def _flat(draft: Draft, grid: Grid, number: int, flat: str, spot: tuple[float, float]) -> None:
    name = f"{_called(grid, number)}{flat}室"
    draft.place(grid, name, "flat", f"flat-{number}-{flat}", spot=spot, parent=f"building-{number}")


def _elder(
    draft: Draft, grid: Grid, number: int, flat: str, elder: int, names: Names, spot: tuple[float, float]
) -> None:
    home, hub = f"flat-{number}-{flat}", _hub(number)
    _flat(draft, grid, number, flat, spot)
    draft.device(f"{home}-door", "door_contact", home, f"{flat}室入户门磁", hub)
    kit = KITS[(elder - 1) % len(KITS)]
    if "motion" in kit:
        draft.device(f"{home}-motion", "motion", home, f"{flat}室客厅红外", hub)
    if "meter" in kit:
        draft.device(f"{home}-meter", "meter", home, f"{flat}室智能水表", hub)
    if elder % (SOS_EVERY + 1) == 1:  # one more than the kits, so that each kit comes with and without
        draft.device(f"{home}-sos", "sos_button", home, f"{flat}室床头呼叫按钮", hub)
    care: dict[str, object] = {"lives_alone": True}
    if elder in SHORT_LIMIT:
        care["silence_limit_s"] = SHORT_LIMIT_S
    draft.persons.append({"id": f"p-{elder:03d}", "name": names.elder(), "place": home, "care": care})


def _shops(draft: Draft, grid: Grid, number: int) -> None:
    """Shops; those that sell what the police keep an eye on have a terminal that reports it each working day."""
    for count in range(1, SHOPS_PER_BUILDING + 1):
        trade = BUSINESSES[(number * SHOPS_PER_BUILDING + count) % len(BUSINESSES)]
        shop, name = f"shop-{number}-{count}", f"{trade}{grid.street}店"
        watched = trade.endswith(KEY_GOODS)
        attributes = {"reports_sales": True} if watched else None
        draft.place(grid, name, "shop", shop, parent=f"building-{number}", attributes=attributes)
        draft.device(f"{shop}-door", "door_contact", shop, f"{name}卷帘门门磁", _hub(number))
        if trade.endswith(("药房", "珠宝")):
            draft.device(f"{shop}-motion", "motion", shop, f"{name}店内红外", _hub(number))
        if watched:
            till, shows = f"{name}重点物品销售登记终端", {"shows": "nothing"}
            draft.device(f"{shop}-till", "screen", shop, till, _hub(number), attributes=shows)
