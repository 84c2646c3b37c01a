"""Personal data: sealed and opened, found by exact name or phone, masked so that nobody is recognised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.errors import Misconfigured
from gateway.model.person import Person, Relative
from gateway.model.registry import Area, Place, Registry
from gateway.model.registry import Station as StationRow
from gateway.persons import care
from gateway.persons.personal import (
    Personal,
    mask_name,
    mask_number,
    name_index,
    names,
    phone_index,
    seal,
    unseal,
)
from gateway.sealing import Sealer
from gateway.trail import without_numbers
from tests.station import SEALER

WHOLE = Personal(
    "欧阳测试甲", "13800001234", "330102194001011234", [Relative("李测试乙", "女儿", "13900005678")], "住三楼"
)


@given(st.builds(Personal, name=st.text(), phone=st.text(), id_number=st.text(), note=st.text()))
def test_what_is_sealed_is_what_is_opened(data: Personal) -> None:
    sealed = seal(SEALER, "s", "p", data)
    assert unseal(SEALER, "s", "p", sealed.sealed) == data


def test_sealed_data_says_nothing_and_belongs_to_one_row_and_one_key() -> None:
    sealed = seal(SEALER, "s", "p", WHOLE).sealed
    assert not any(word.encode() in sealed for word in ("欧阳", "138", "李测试乙", "三楼"))
    assert sealed != seal(SEALER, "s", "p", WHOLE).sealed, "equal data is not to be seen as equal"
    for sealer, station, person in ((SEALER, "s", "q"), (SEALER, "t", "p"), (Sealer(bytes(32)), "s", "p")):
        with pytest.raises(Misconfigured):
            unseal(sealer, station, person, sealed)


def test_the_index_finds_a_name_or_phone_however_it_is_written_and_no_other() -> None:
    assert name_index(SEALER, "欧阳测试甲") == name_index(SEALER, " 欧阳 测试甲")
    assert name_index(SEALER, "欧阳测试甲") != name_index(SEALER, "欧阳测试")
    same = {
        phone_index(SEALER, one) for one in ("13800001234", "138 0000 1234", "+86 138-0000-1234", "008613800001234")
    }
    assert len(same) == 1
    assert phone_index(SEALER, "13800001235") not in same
    assert name_index(Sealer(bytes(32)), "欧阳测试甲") != name_index(SEALER, "欧阳测试甲"), "of use with the key only"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("王秀兰", "王**"), ("李四", "李*"), ("欧阳测试甲", "欧**"), ("李", "李*"), ("", ""), ("Ann", "A**")],
)
def test_a_masked_name(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("number", "kept", "shown"),
    [
        ("13800001234", 3, "138****1234"), ("330102194001011234", 4, "3301**********1234"), ("", 3, ""),
        ("110", 3, "*10"), ("0912345", 3, "*****45"), ("12", 3, "**"),
    ],
)  # fmt: skip
def test_a_masked_number(number: str, kept: int, shown: str) -> None:
    assert mask_number(number, kept) == shown


@given(st.text(min_size=1, max_size=30), st.integers(3, 4))
def test_a_mask_never_shows_the_whole(number: str, kept: int) -> None:
    shown = mask_number(number, kept)
    assert len(shown) == len(number)
    assert shown.count("*") >= min(len(number), 3) or len(number) < 5
    assert set(shown[: -4 or None]) <= {"*", *number}


def test_a_masked_person_is_not_to_be_recognised() -> None:
    shown = str(WHOLE.masked())
    assert not any(word in shown for word in ("测试", "13800001234", "330102194001011234", "三楼", "13900005678"))
    assert WHOLE.masked()["has_note"] is True


@pytest.mark.parametrize(
    "reason",
    ["联系欧阳测试甲", "打 138-0000-1234", "问问李 测试乙在不在", "身份证330102194001011234", "+8613900005678"],
)
def test_a_reason_that_says_who_is_noticed(reason: str) -> None:
    assert names(WHOLE, reason)


@pytest.mark.parametrize("reason", ["警情 4711 需上门核实", "静默告警，电话联系本人", "3号楼101室 2026-11-22"])
def test_a_reason_that_says_why_is_not(reason: str) -> None:
    assert not names(WHOLE, reason)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("打13800001234问", "打138****1234问"), ("138 0000 1234", "138****1234"), ("警情 4711", "警情 4711"),
        ("33010219400101123X", "330****123X"),
    ],
)  # fmt: skip
def test_numbers_are_masked_where_people_read_reasons(text: str, shown: str) -> None:
    assert without_numbers(text) == shown


# ── what the road knows ──────────────────────────────────────────────────────────────────────────────────────────────


def registry(*persons: Person) -> Registry:
    return Registry(
        station=StationRow("s", "测试所", "Asia/Shanghai"), areas=[Area("g", "grid", "格")],
        places=[Place("flat", "flat", "g", "101室")], persons=persons,
    )  # fmt: skip


def test_a_registry_knows_nobody_by_name() -> None:
    told = registry(
        Person("p", WHOLE.name, "flat", {"lives_alone": True}, WHOLE.phone, WHOLE.id_number, WHOLE.contacts, WHOLE.note)
    )
    assert told.persons["p"] == Person("p", "", "flat", {"lives_alone": True})


@pytest.mark.parametrize(("consent", "watched"), [({}, True), ({"consent": True}, True), ({"consent": False}, False)])
def test_without_consent_there_is_nothing_to_watch_by(consent: dict[str, bool], *, watched: bool) -> None:
    profile = {"lives_alone": True, "silence_limit_s": 3600, "night_activity_min": 2, **consent}
    told = registry(Person("p", "", "flat", profile))
    assert told.mounting_at("flat").under_care is watched
    assert bool(told.attributes_of("person:p").get("lives_alone")) is watched
    assert ("silence_limit_s" in told.persons["p"].care) is watched
    again = told.replaced(places=told.places.values(), devices=[], persons=told.persons.values())
    assert again.persons == told.persons, "it does not come back"


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        (True, False), (False, False), ({"given": "2026-05-01", "by": "self"}, False),
        ({"withdrawn": "2026-05-01", "by": "guardian"}, False), ("yes", True), ({"given": "2026-05-01"}, True),
        ({"given": "May", "by": "self"}, True), ({"given": "2026-05-01", "by": "somebody"}, True),
        ({"given": "2026-05-01", "withdrawn": "2026-05-02", "by": "self"}, True),
    ],
)  # fmt: skip
def test_consent_in_a_site_file(told: object, *, wrong: bool) -> None:
    assert bool(list(care.complaints({"lives_alone": True, "consent": told}))) is wrong
