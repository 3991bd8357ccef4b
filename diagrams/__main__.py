"""``python -m diagrams [LIBRARY]``: write every picture that changed into the library (by default `cards`)."""

from __future__ import annotations

import sys
from pathlib import Path

from diagrams.gallery import PICTURES


def write_all(library: Path) -> list[Path]:
    """Draw every picture and replace, each in one step, the files that differ; return those."""
    written: list[Path] = []
    for name, draw in PICTURES.items():
        path, content = library / name, draw().svg().encode()
        if path.is_file() and path.read_bytes() == content:
            continue
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(content)
        part.replace(path)
        written.append(path)
    return written


def main() -> None:
    """Write the pictures and say which changed."""
    library = Path(sys.argv[1] if len(sys.argv) > 1 else "cards")
    written = write_all(library)
    for path in written:
        print(path)
    print(f"{len(PICTURES)} pictures, {len(written)} written")


if __name__ == "__main__":
    main()
