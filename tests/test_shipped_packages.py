"""The packages of the shipped library in the real Anki: each alone, and one deck's after the whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from deckwright import builder
from deckwright.anki.reader import read_package
from deckwright.compiler import compile_library
from real_anki import RealAnki
from release_helpers import T0


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every package of a build, by its name."""
    report = builder.build(compile_library(Path("cards")), tmp_path_factory.mktemp("shipped"), T0)
    return {package.path.name: package.path for package in report.packages}


def test_each_package_alone_is_all_new_and_without_a_flaw(packages: dict[str, Path], tmp_path: Path) -> None:
    assert len(packages) == 8
    for name, path in packages.items():
        wanted = {note.guid for note in read_package(path).notes.values()}
        with RealAnki(tmp_path / name) as anki:
            log = anki.import_package(path)

            assert wanted
            assert log.groups.keys() == {"new"}, name
            assert log["new"] == wanted, name
            assert anki.flaws() == [], name


def test_the_packages_of_decks_are_the_whole_in_parts(packages: dict[str, Path], tmp_path: Path) -> None:
    with RealAnki(tmp_path / "learner") as anki:
        anki.import_package(packages["ml-interviews.apkg"])
        whole = anki.contents(), anki.cards(), anki.note_types()
        for name in packages.keys() - {"ml-interviews.apkg"}:
            assert anki.import_package(packages[name]).groups.keys() == {"duplicate"}, name

        assert (anki.contents(), anki.cards(), anki.note_types()) == whole
        assert anki.flaws() == []
    with RealAnki(tmp_path / "other") as anki:
        for name in packages.keys() - {"ml-interviews.apkg"}:
            anki.import_package(packages[name])

        assert (anki.contents(), anki.cards(), anki.note_types()) == whole
