"""Cameras as APEs: what is new to a subscription."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from connectors.gat1400.devices import ADDED, CHANGED, GONE, Ape, changes, notification, turned

AT = datetime(2026, 3, 1, 23, 41, 9, tzinfo=UTC)
ONE = Ape("34020000011325000001", "东门", "滨河花园 东门", "340200", online=True, longitude=109.1, latitude=33.1)
TWO = msgspec.structs.replace(ONE, id="34020000011325000002", online=False, longitude=None)


def test_what_is_new_changed_and_gone() -> None:
    assert changes({}, [ONE, TWO]) == [(ADDED, [ONE, TWO])]
    assert changes({ONE.id: ONE}, [ONE]) == []
    off, named = msgspec.structs.replace(ONE, online=False), msgspec.structs.replace(ONE, name="西门")
    assert changes({ONE.id: ONE}, [off]) == []
    assert changes({ONE.id: ONE, TWO.id: TWO}, [named]) == [(CHANGED, [named]), (GONE, [TWO])]
    assert turned({ONE.id: ONE}, [off]) == [off]
    assert turned({ONE.id: ONE}, [named, TWO]) == [TWO]


def test_a_notification_of_devices_and_of_how_they_are() -> None:
    told = notification("1", "2", "t", AT, [ONE, TWO], ADDED)["SubscribeNotificationListObject"]
    (one,) = told["SubscribeNotificationObject"]
    assert one["InfoIDs"] == f"{ONE.id};{TWO.id}"
    first, second = one["DeviceList"]["APEObject"]
    assert (first["IsOnline"], second["IsOnline"], second["Longitude"]) == ("1", "2", 0.0)
    assert {"ApeID", "Name", "Model", "IPAddr", "Port", "Longitude", "Latitude", "PlaceCode", "FunctionType"} <= set(
        first
    )
    told = notification("1", "2", "t", AT, [TWO], None)["SubscribeNotificationListObject"]
    assert told["SubscribeNotificationObject"][0]["DeviceStatusList"] == {
        "APEStatusObject": [{"ApeID": TWO.id, "IsOnline": "2", "CurrentTime": "20260302074109"}]
    }
