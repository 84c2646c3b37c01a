"""What waits to be sent outlives its worker, gives way in order, and never loses an event."""

from __future__ import annotations

from collections import namedtuple
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.camera import spool as module
from connectors.camera.spool import Media, Message, Spool
from gateway.model.errors import Misconfigured

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
MB = 1024 * 1024


def about(event: str, role: module.Role = "clip") -> Media:
    return Media("cam-1", event, role, "video/mp4", NOW, NOW)


def writes(size: int) -> object:
    return lambda path: path.write_bytes(b"x" * size)


def keep(spool: Spool, event: str, role: module.Role = "clip", size: int = MB) -> bool:
    return spool.keep(about(event, role), lambda path: path.write_bytes(b"x" * size) and None)


def test_what_waits_is_there_after_a_kill(tmp_path: Path) -> None:
    before = Spool(tmp_path, 10 * MB, 0)
    first = before.say(Message("t", "1"))
    before.say(Message("t", "2"))
    keep(before, "e-1")
    keep(before, "e-2", "snapshot")
    before.said(first)
    (tmp_path / "000000000009.unfinished").write_bytes(b"half")
    (tmp_path / "000000000010.content").write_bytes(b"killed between its two files")

    after = Spool(tmp_path, 10 * MB, 0)
    assert [message.payload for _, message in after.to_say()] == ["2"]
    sent = []
    while (waiting := after.to_send()) is not None:
        assert waiting.content.stat().st_size == MB
        sent.append(waiting.about.event)
        after.sent(waiting.number)
    assert sent == ["e-2", "e-1"], "snapshots go first"
    assert {path.name for path in tmp_path.iterdir()} == {"000000000002.event"}
    assert after.say(Message("t", "3")) > 4, "no number twice"


def test_the_oldest_clips_give_way_first_and_events_never(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 5 * MB, 0)
    keep(spool, "snapshot-1", "snapshot")
    for number in range(1, 8):
        spool.say(Message("t", str(number)))
        assert keep(spool, f"clip-{number}")
    left = []
    while (waiting := spool.to_send()) is not None:
        left.append(waiting.about.event)
        spool.sent(waiting.number)
    assert left == ["snapshot-1", "clip-4", "clip-5", "clip-6", "clip-7"]
    assert spool.given_up == 3
    assert len(spool.to_say()) == 7


def test_what_cannot_be_kept_whatever_goes_is_said(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MB, 0)
    assert not keep(spool, "too-large", size=2 * MB)
    assert spool.given_up == 1
    assert list(tmp_path.iterdir()) == []


def test_the_reserve_is_for_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = namedtuple("free", "free")  # noqa: PYI024
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _path: free(100))
    spool = Spool(tmp_path, 10 * MB, 1000)
    assert not keep(spool, "e-1", size=10)
    spool.say(Message("t", "1"))
    assert len(Spool(tmp_path, 10 * MB, 1000).to_say()) == 1


def test_a_disk_without_any_room_keeps_events_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _content: bytes) -> int:
        raise OSError(28, "No space left on device")

    spool = Spool(tmp_path, 10 * MB, 0)
    monkeypatch.setattr(Path, "write_bytes", full)
    number = spool.say(Message("t", "1"))
    assert [message.payload for _, message in spool.to_say()] == ["1"]
    assert not spool.keep(about("e"), lambda path: path.write_bytes(b"x") and None)
    spool.said(number)
    assert spool.to_say() == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_read_holds_nothing_up(tmp_path: Path) -> None:
    (tmp_path / "000000000001.event").write_bytes(b"{")
    (tmp_path / "000000000002.about").write_bytes(b"[]")
    (tmp_path / "000000000002.content").write_bytes(b"x")
    (tmp_path / "notes.event").write_bytes(b"not ours")
    spool = Spool(tmp_path, MB, 0)
    spool.say(Message("t", "2"))
    assert [message.payload for _, message in spool.to_say()] == ["2"]
    assert spool.to_send() is None


def test_where_there_can_be_no_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="another `spool`"):
        Spool(tmp_path / "file" / "spool", MB, 0)
