"""Media: content-hashed names, so that a changed picture is a new file everywhere."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MediaFile:
    """An image beside the cards: its path, its name in packages, and the hash of its content."""

    path: Path
    packaged: str
    digest: str


def media_file(path: Path) -> MediaFile:
    """Read an image and name it after its content: ``roc-1a2b3c4d5e.svg``."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    stem = unicodedata.normalize("NFKD", path.stem).encode("ascii", "ignore").decode().lower()
    # A leading "_" would make Anki keep the first version of a file for ever.
    slug = re.sub(r"[^a-z0-9]+", "-", stem).strip("-") or "image"
    return MediaFile(path, f"{slug[:60]}-{digest[:10]}{path.suffix.lower()}", digest)
