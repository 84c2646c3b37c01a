"""Fuzzing by coverage of what the county's platform may say: `python -m tests.faults.fuzz_county CORPUS --seconds 600`.

Needs atheris, which nothing else here does: `pip install atheris` first. Each input is a stream that a registered link
hears, in pieces; it must answer, refuse or keep silent, and still serve its platform afterwards. Another input's first
byte makes it the body of a message that is well-formed. What breaks it is written to the folder of the corpus.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

import atheris  # type: ignore[import-not-found,unused-ignore]

with atheris.instrument_imports(include=["connectors"]):
    from connectors.gb28181 import manscdp
    from connectors.gb28181.message import BadMessage, read
    from connectors.gb28181.stream import Frames
    from tests.unit.gb28181.desk import OURS, Desk, query, start

from gateway.model.errors import BadInput

SEEDS = [
    *(query(kind) for kind in ("DeviceInfo", "Catalog", "DeviceStatus", "ConfigDownload", "RecordInfo", "Alarm")),
    query("DeviceControl", more="<GuardCmd>SetGuard</GuardCmd>", root="Control"),
    query("DeviceControl", more="<AlarmCmd>ResetAlarm</AlarmCmd>", root="Control"),
    query("Alarm", more="<Result>OK</Result>", root="Response"),
]
PIECE, SILENT_S = 97, 0.5


def hear(data: bytes) -> None:
    """Let a registered link hear something, and ask whether it still serves. Raises what it must not raise."""
    desk = Desk()
    desk.register()
    if data[:1] == b"\x00":
        desk.ask("", headers="X-None: 1\r\n")
        desk.hear(desk.message(data[1:] or b" "))
    else:
        frames = Frames()
        try:
            for at in range(0, len(data), PIECE):
                for one in frames.feed(data[at : at + PIECE]):
                    desk.hear(one)
        except BadMessage:
            desk.hear(data)
    for what, refusal in ((read, BadMessage), (manscdp.read, BadInput)):
        with contextlib.suppress(refusal):
            what(data)
    desk.wait(SILENT_S)
    told = desk.ask(query("DeviceInfo"), branch="z9hG4bKafterwards", call_id="afterwards")
    # It may have been told to register anew, or that we are gone: then it asks to be let in again.
    assert told or not desk.link.online, "it does not answer any more"
    assert not told or start(told[0]).startswith("SIP/2.0 ") or start(told[0]).startswith("REGISTER "), told[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="a folder, filled with what is worth trying")
    parser.add_argument("--seconds", type=int, default=600)
    told = parser.parse_args()
    told.corpus.mkdir(parents=True, exist_ok=True)
    desk = Desk()
    for number, xml in enumerate(SEEDS):
        (told.corpus / f"message-{number}").write_bytes(desk.message(xml))
        (told.corpus / f"body-{number}").write_bytes(b"\x00" + xml.encode("gb18030"))
        (told.corpus / f"subscribe-{number}").write_bytes(
            desk.message(xml, method="SUBSCRIBE", headers="Event: presence\r\nExpires: 90\r\n")
        )
    (told.corpus / "invite").write_bytes(desk.message("", method="INVITE", to=OURS))
    bounds = [f"-max_total_time={told.seconds}", "-max_len=4096", "-len_control=0", "-timeout=10"]
    options = [*bounds, f"-artifact_prefix={told.corpus}/"]
    atheris.Setup([sys.argv[0], *options, str(told.corpus)], hear)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
