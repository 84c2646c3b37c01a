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
