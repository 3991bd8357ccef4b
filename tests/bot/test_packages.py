"""The packages to take along, and what is new in them for a member."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from deckwright.anki.reader import PackageContent, read_package
from deckwright.builder import build
from deckwright.compiler import compile_library
from deckwright_bot.services import packages
from deckwright_bot.services.packages import Changes, Offer, PackageService
from deckwright_bot.store.database import Database
from deckwright_bot.store.migrate import migrate
from deckwright_bot.ui.looking import offers_message

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADA, BOB = 1, 2


@pytest.fixture
def library(tmp_path: Path) -> Path:
    root = tmp_path / "library"
    (root / "deck").mkdir(parents=True)
    (root / "library.yaml").write_text("title: L\nnamespace: test\ndecks: [deck]\n")
    (root / "deck" / "deck.yaml").write_text("title: Deck\n")
    write(root, {"one": "1", "two": "2"})
    return root


def write(root: Path, cards: dict[str, str]) -> None:
    lines = "".join(f"  - {{id: {name}, front: '{name}?', back: '{back}'}}\n" for name, back in cards.items())
    (root / "deck" / "topic.yaml").write_text(f"topic: topic\ntitle: Topic\ncards:\n{lines}")


def built(root: Path, out: Path) -> None:
    report = build(compile_library(root), out, now=int(NOW.timestamp()))
    assert report.packages


def over(folder: Path, out: Path, url: str | None = None) -> tuple[Database, PackageService]:
    migrate(folder / "bot.sqlite", NOW)
    database = Database(folder / "bot.sqlite")
    return database, PackageService(database, out, url)


def test_a_member_learns_what_is_new_and_changed_since_they_took_a_package(
    tmp_path: Path, library: Path
) -> None:
    async def story() -> None:
        database, service = over(tmp_path, tmp_path / "out")
        try:
            built(library, tmp_path / "out")
            whole = service.packages()[0]
            (first,) = (o for o in await service.offers(ADA, service.packages()) if o.package == whole)
            assert (first.current, first.changes) == (False, None)
            await service.took(ADA, whole, NOW)
            write(library, {"one": "1", "two": "two", "three": "3"})
            built(library, tmp_path / "out")
            newer = next(p for p in service.packages() if p.file == whole.file)
            (ada,) = (o for o in await service.offers(ADA, [newer]))
            (bob,) = (o for o in await service.offers(BOB, [newer]))
            assert ada.changes is not None
            assert (ada.changes.since, ada.changes.new, ada.changes.changed) == (NOW, ("three",), ("two",))
            assert bob.changes is None
            await service.took(ADA, newer, NOW + timedelta(days=1))
            (again,) = (o for o in await service.offers(ADA, [newer]))
            assert again.current
        finally:
            await database.close()

    asyncio.run(story())


def test_a_build_that_was_replaced_is_not_handed_over_under_its_old_name(
    tmp_path: Path, library: Path
) -> None:
    built(library, tmp_path / "out")
    _, service = over(tmp_path, tmp_path / "out")
    old = service.packages()[0]
    assert service.content(old) == (tmp_path / "out" / old.file).read_bytes()
    write(library, {"one": "uno", "two": "2"})
    built(library, tmp_path / "out")

    assert service.content(old) is None
    shutil.rmtree(tmp_path / "out")
    assert service.content(old) is None


def test_what_is_no_package_is_left_out_and_no_folder_has_none(tmp_path: Path, library: Path) -> None:
    out = tmp_path / "out"
    _, service = over(tmp_path, out)
    assert service.packages() == []
    built(library, out)
    (out / "broken.apkg").write_bytes(b"no zip")

    assert {package.file for package in service.packages()} == {
        path.name for path in out.glob("*.apkg") if path.name != "broken.apkg"
    }


def test_what_is_no_package_is_told_once_and_looked_at_again_when_it_changes(
    tmp_path: Path, library: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"
    _, service = over(tmp_path, out)
    built(library, out)
    whole = next(iter(out.glob("*.apkg"))).read_bytes()
    (out / "broken.apkg").write_bytes(b"no zip")
    before = len(service.packages())
    service.packages()
    assert caplog.text.count("broken.apkg is left out") == 1
    (out / "broken.apkg").write_bytes(whole)

    assert len(service.packages()) == before + 1


def test_a_link_is_given_where_the_operator_said_so(tmp_path: Path, library: Path) -> None:
    built(library, tmp_path / "out")
    _, without = over(tmp_path, tmp_path / "out")
    _, service = over(tmp_path, tmp_path / "out", "https://example.org/decks/")
    package = service.packages()[0]

    assert without.packages()[0].link is None
    assert package.link == f"https://example.org/decks/{package.file}"


def test_a_package_too_large_to_look_into_is_offered_all_the_same(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        out = tmp_path / "out"
        built(library, out)
        database, service = over(tmp_path, out)
        try:
            await service.took(ADA, service.packages()[0], NOW)
            write(library, {"one": "uno", "two": "2"})
            built(library, out)
            monkeypatch.setattr(packages, "LARGEST", 1000)
            large = service.packages()[0]
            assert (large.cards, large.size) == (0, (out / large.file).stat().st_size)
            assert large.digest == sha256((out / large.file).read_bytes()).hexdigest()
            (offer,) = await service.offers(ADA, [large])
            assert (offer.current, offer.changes) == (False, Changes(NOW, known=False))
            await service.took(ADA, large, NOW)
            (offer,) = await service.offers(ADA, [large])
            assert offer.current
        finally:
            await database.close()

    asyncio.run(story())


def test_no_package_comes_into_memory_as_a_whole_to_be_listed(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(library, tmp_path / "out")
    _, service = over(tmp_path, tmp_path / "out")

    def whole(path: Path) -> bytes:
        raise AssertionError(f"{path.name} was read whole")

    monkeypatch.setattr(Path, "read_bytes", whole)
    assert service.packages()


def test_the_list_links_what_is_too_large_for_a_message(tmp_path: Path, library: Path) -> None:
    built(library, tmp_path / "out")
    _, service = over(tmp_path, tmp_path / "out", "https://example.org/decks")
    package = service.packages()[0]
    offers = [Offer(package, current=False, changes=None)]

    small, _ = offers_message(offers, "en", limit=package.size)
    large, view = offers_message(offers, "en", limit=package.size - 1)
    assert "https://" not in str(small.description)
    assert f"](https://example.org/decks/{package.file})" in str(large.description)
    assert view is not None


def test_that_nothing_was_taken_yet_is_said_once(tmp_path: Path, library: Path) -> None:
    built(library, tmp_path / "out")
    _, service = over(tmp_path, tmp_path / "out")
    package = service.packages()[0]
    new = Offer(package, current=False, changes=None)
    same = Offer(package, current=True, changes=Changes(package.built))

    none, _ = offers_message([new, new], "en", limit=package.size)
    some, _ = offers_message([new, same], "en", limit=package.size)

    assert str(none.description).count("taken") == 1
    assert "you have not taken it yet" in str(some.description)
    assert "you have this one" in str(some.description)


def test_two_packages_that_are_replaced_while_they_are_read_never_mix(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(library, tmp_path / "out")
    _, service = over(tmp_path, tmp_path / "out")
    times = iter((True, False, False, False))

    def replaced_meanwhile(path: Path) -> PackageContent:
        if next(times):
            write(library, {"one": "uno", "two": "2", "three": "3"})
            built(library, tmp_path / "out")
        return read_package(path)

    monkeypatch.setattr(packages, "read_package", replaced_meanwhile)
    for package in service.packages():
        data = (tmp_path / "out" / package.file).read_bytes()
        assert (package.cards, package.digest) == (3, sha256(data).hexdigest())
