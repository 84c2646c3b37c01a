"""display: what each screen is to show now, compared with what it was last told; the difference goes out retained.

One comparison for all there is: a bulletin that begins, ends or is withdrawn, a screen that is new or moved.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.bulletins import wording
from gateway.bulletins.spread import PURPOSE
from gateway.store import bulletins as store
from gateway.store import outbox
from gateway.store.outbox import Notification

log = structlog.get_logger()

CHANNEL, RECIPIENT = "mqtt", "screen:{}"
#: What shows something is told it again this often, should the broker have lost what it retained.
TELL_AGAIN = timedelta(hours=6)
#: An untaken message outlives the next one, which stops it.
LIVES = 2 * TELL_AGAIN
AT_ONCE = 100


def update_displays(connection: Connection[TupleRow], station: str, now: datetime) -> int:
    """Tell each screen that shows something else than it should, within the caller's transaction; returns how many."""
    changed = store.changed_displays(connection, station, now=now, again=now - TELL_AGAIN, limit=AT_ONCE)
    bulletins = store.of_ids(connection, {number for one in changed for number in one.bulletins})
    for one in changed:
        recipient, shown = RECIPIENT.format(one.device), [bulletins[number] for number in one.bulletins]
        store.supersede(connection, station, CHANNEL, recipient)
        made = outbox.enqueue(
            connection,
            Notification(
                station=station, key=f"display:{station}:{one.device}:{uuid4()}", channel=CHANNEL,
                recipient=recipient, priority="P2" if any(bulletin.urgent for bulletin in shown) else "P4",
                body=wording.on_display(shown), purpose=PURPOSE,
            ),
            now,
            LIVES,
        )  # fmt: skip
        store.told_display(connection, station, one, made, now)
        log.info("display told", stop="spread", device=one.device, bulletins=one.bulletins)
    return len(changed)
