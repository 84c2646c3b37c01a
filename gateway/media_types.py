"""Whether bytes begin as the type they are said to have must: nothing is stored, or shown, under another."""

from __future__ import annotations


def is_what_it_says(content_type: str, content: bytes) -> bool:
    """Say whether content begins as its media type must; of a type nobody knows it never does."""
    magic = {
        "image/jpeg": content[:3] == b"\xff\xd8\xff",
        "image/png": content[:8] == b"\x89PNG\r\n\x1a\n",
        "image/webp": content[:4] == b"RIFF" and content[8:12] == b"WEBP",
        "audio/webm": content[:4] == b"\x1a\x45\xdf\xa3",
        "audio/mp4": content[4:8] == b"ftyp",
        "video/mp4": content[4:8] == b"ftyp",
        "audio/ogg": content[:4] == b"OggS",
    }
    return magic.get(content_type, False)


#: JPEG markers that say how large a picture is (ITU T.81, table B.1: start of frame), and those without a length.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_FILL = 0xFF
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})


def jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Return width and height of a JPEG in pixels, as its header says; None when it says nothing of that sort."""
    at = 2
    while content[at : at + 1] == b"\xff" and at + 9 <= len(content):
        marker = content[at + 1]
        if marker in _FRAMES:
            return int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7])
        if marker == _FILL:
            at += 1
        else:
            at += 2 if marker in _BARE else 2 + int.from_bytes(content[at + 2 : at + 4])
    return None
