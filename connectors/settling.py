"""The order of what a broker hands over after a connection: mappings go by it, for their messages may carry no time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from gateway.model.ports import Delivery


def in_order(held: Iterable[Delivery], connected_at: datetime) -> list[Delivery]:
    """Return what came while a connection settled in the order in which it was said.

    Brokers may redeliver behind what is new (docs/mqtt.md), though it is older: it counts as received when the
    connection was made. Their copy of a state is the newest there is.
    """
    ordered = sorted(held, key=lambda delivery: (not delivery.again, delivery.retained))
    return [
        msgspec.structs.replace(delivery, received_at=connected_at + timedelta(microseconds=place))
        if delivery.again
        else delivery
        for place, delivery in enumerate(ordered)
    ]
