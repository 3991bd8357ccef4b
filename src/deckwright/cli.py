"""The commands: arguments, exit codes and progress. What they do lives in the modules they call.

Exit codes: 0 done; 1 the library has problems (or a release is refused); 2 the command
was called wrongly; 3 a file could not be read or written.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from rich.console import Console

    from deckwright.builder import BuildReport
    from deckwright.cache import Cache
    from deckwright.compiler import Compilation
    from deckwright.diagnostics import Diagnostic, Problems


OK, PROBLEMS, USAGE, FILES = 0, 1, 2, 3

EXIT_CODES = (
    "Exit codes: 0 done, 1 the library has problems, 2 wrong call, 3 a file cannot be read or written."
)

app = typer.Typer(
    name="deckwright",
    help=f"Write a card once. Study it in Anki, be asked it in Discord.\n\n{EXIT_CODES}",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class Format(StrEnum):
    """How problems are reported."""

    text = "text"
    json = "json"
    github = "github"


LibraryFolder = Annotated[Path, typer.Argument(help="The library's folder.", show_default=True)]
Strict = Annotated[bool, typer.Option("--strict", help="Let warnings fail too.")]
AsFormat = Annotated[Format, typer.Option("--format", help="How problems are reported.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
CARDS = Path("cards")


def main() -> None:
    """Run the command line; files that cannot be read or written end it with a sentence."""
    for stream in (sys.stdout, sys.stderr):
        # A pipe on Windows or an old locale knows few characters; a card may hold any.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(OK)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"error: {where}{error.strerror or error}\n")
        sys.exit(FILES)
    except KeyboardInterrupt:
        sys.exit(130)


def _version(value: bool) -> None:  # noqa: FBT001  typer's own call
    if value:
        from deckwright import __version__

        _out(f"deckwright {__version__}")
        raise typer.Exit(OK)


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options before a command."""


@app.command(epilog="Example: deckwright init my-cards --title 'Organic chemistry'")
def init(
    folder: Annotated[Path, typer.Argument(help="The new library's folder.")] = CARDS,
    title: Annotated[str, typer.Option(help="The library's title, its deck in Anki.")] = "My cards",
) -> None:
    """Make a new library with an example of each kind, ready to build."""
    from deckwright.scaffold import ScaffoldError, new_library

    try:
        made = new_library(folder, title)
    except ScaffoldError as error:
        _fail(str(error), USAGE)
    _out(f"Made {len(made)} files in {folder.as_posix()}.")
    _out(f"Next: deckwright build {folder.as_posix()}")


@app.command(epilog="Example: deckwright build cards --out build --deck theory")
def build(
    library: LibraryFolder = CARDS,
    deck: Annotated[list[str] | None, typer.Option(help="Only this deck; may be given again.")] = None,
    out: Annotated[Path, typer.Option(help="Where the packages go.")] = Path("build"),
    *,
    strict: Strict = False,
    form: AsFormat = Format.text,
    watch: Annotated[bool, typer.Option("--watch", help="Build again whenever a file changes.")] = False,
) -> None:
    """Write one Anki package a deck and one for the whole library."""
    code = _build_once(library, deck or [], out, form, strict=strict)
    if not watch:
        raise typer.Exit(code)
    from deckwright.watching import changes

    _note(f"Watching {library.as_posix()}; Ctrl-C ends.")
    for _changed in changes(library, ignore=out):
        try:
            _build_once(library, deck or [], out, form, strict=strict)
        except OSError as error:
            _note(f"error: {error}")


def _build_once(library: Path, decks: list[str], out: Path, form: Format, *, strict: bool) -> int:
    from deckwright import builder
    from deckwright.compiler import compile_library
    from deckwright.diagnostics import did_you_mean

    with _cache() as cache, _working("Reading the cards") as say:
        compilation = compile_library(library, cache=cache)
        if compilation.library is None or compilation.problems.failed(strict=strict):
            _report(compilation.problems, form)
            return PROBLEMS
        known = [deck.slug for deck in compilation.library.decks]
        for deck in decks:
            if deck not in known:
                hint = did_you_mean(deck, known) or f"decks are {', '.join(known)}"
                _fail(f'there is no deck "{deck}"; {hint}', USAGE)
        now = _now()
        report = builder.build(
            compilation, out, now, only=decks, cache=cache, progress=lambda name: say(f"Writing {name}")
        )
    if compilation.problems or form is not Format.text:
        _report(compilation.problems, form)
    if form is Format.text:
        _describe_build(report, compilation, out)
    return OK


def _describe_build(report: BuildReport, compilation: Compilation, out: Path) -> None:
    width = max(len(package.path.name) for package in report.packages)
    for package in report.packages:
        _out(
            f"  {package.path.name:<{width}}  {package.notes:>5} notes  {package.cards:>5} cards  "
            f"{package.size / 1024:>7.0f} KB"
        )
    if compilation.lock is None:
        note = " (there is no release of this library yet)"
    else:
        note = f" ({report.unreleased} notes not released)" if report.unreleased else ""
    _out(f"Wrote {len(report.packages)} packages to {out.as_posix()}{note}.")


@app.command(epilog="Example: deckwright check cards --strict --format github")
def check(
    library: LibraryFolder = CARDS,
    *,
    locked: Annotated[bool, typer.Option("--locked", help="Also fail on anything unreleased.")] = False,
    strict: Strict = False,
    fix: Annotated[bool, typer.Option("--fix", help="Write ids for cards that have none.")] = False,
    form: AsFormat = Format.text,
) -> None:
    """Check every card and report every problem, without writing packages."""
    from deckwright import builder, release as releases
    from deckwright.compiler import compile_library

    if fix:
        from deckwright.fixing import add_missing_ids

        for added in add_missing_ids(library):
            _note(f"{added.file}:{added.line}: added id {added.id}")
    with _cache() as cache, _working("Checking"):
        compilation = compile_library(library, cache=cache, for_chat=True)
        problems = compilation.problems
        if locked and compilation.library is not None:
            made = builder.output(compilation, _now(), lock=compilation.lock, cache=cache)
            problems.extend(releases.unreleased(compilation, made))
    _report(problems, form)
    if compilation.library is not None and not problems and form is Format.text:
        _out(f"{_counted(sum(1 for _ in compilation.library.cards), 'card')}, no problems.")
    failed = compilation.library is None or problems.failed(strict=strict)
    raise typer.Exit(PROBLEMS if failed else OK)


@app.command(epilog="Example: deckwright release cards --out build --accept gap-vanished:my-card")
def release(
    library: LibraryFolder = CARDS,
    out: Annotated[Path, typer.Option(help="Where the packages go.")] = Path("build"),
    accept: Annotated[
        list[str] | None, typer.Option(help="CODE:ID of a change that is wanted; may be given again.")
    ] = None,
    *,
    form: AsFormat = Format.text,
) -> None:
    """Record what is new in the lock, then build: run it when a build is going to be published."""
    from deckwright import builder, release as releases
    from deckwright.compiler import compile_library
    from deckwright.lock import write_file
    from deckwright.source import LOCK_FILE

    with _cache() as cache, _working("Preparing the release") as say:
        compilation = compile_library(library, cache=cache)
        if compilation.library is None:
            _report(compilation.problems, form)
            raise typer.Exit(PROBLEMS)
        now = int(time.time())
        made = builder.output(compilation, now, lock=compilation.lock, cache=cache)
        plan = releases.plan(compilation, made, now, accept=accept or [])
        if unused := releases.unused_accepts(compilation, plan, accept or []):
            _fail(f"--accept {unused[0]}: there is no such problem to accept", USAGE)
        releases.check_branch(library, plan.problems)
        if plan.problems.failed():
            _report(plan.problems, form)
            wanted = [name for problem in plan.problems if (name := releases.acceptable(problem)) is not None]
            if wanted and form is Format.text:
                _note(f"If that is wanted: {' '.join(f'--accept {name}' for name in dict.fromkeys(wanted))}")
            raise typer.Exit(PROBLEMS)
        if not plan.empty:
            write_file(library / LOCK_FILE, plan.lock)
        report = builder.build(
            compilation,
            out,
            now,
            cache=cache,
            lock=compilation.lock if plan.empty else plan.lock,
            progress=lambda name: say(f"Writing {name}"),
        )
    if plan.problems or form is not Format.text:
        _report(plan.problems, form)
    if form is not Format.text:
        return
    if plan.empty:
        _out("Nothing is new since the last release; the packages were built again.")
    else:
        counts = f"{len(plan.added)} new, {len(plan.changed)} changed, {len(plan.retired)} retired"
        other = "; what was accepted is recorded" if accept else ""
        _out(f"Released: {counts}{other}.")
    if plan.migrated:
        _out(
            f"Note types changed their fields: {', '.join(plan.migrated)}. Learners must import once with "
            '"merge note types" on and "update notes: always".'
        )
    _describe_build(report, compilation, out)


@app.command(epilog="Example: deckwright diff build/released.apkg cards")
def diff(
    old: Annotated[Path, typer.Argument(help="A package that learners have imported.")],
    library: LibraryFolder = CARDS,
    *,
    as_json: Json = False,
) -> None:
    """Say what importing a build of today would do to people who have OLD."""
    from deckwright import builder, diff as differences
    from deckwright.anki.reader import PackageError, content_of, read_package
    from deckwright.compiler import compile_library

    try:
        before = read_package(old)
    except PackageError as error:
        _fail(f"{old.as_posix()}: {error}", FILES)
    with _cache() as cache, _working("Comparing"):
        compilation = compile_library(library, cache=cache)
        if compilation.library is None or compilation.problems.failed():
            _report(compilation.problems, Format.text)
            raise typer.Exit(PROBLEMS)
        made = builder.output(compilation, _now(), lock=compilation.lock, cache=cache)
        found = differences.diff(before, content_of(made))
    _out(json.dumps(found.to_json(), indent=2) if as_json else differences.describe(found))


@app.command(epilog="Example: deckwright preview cards --out site --against build/released.apkg")
def preview(
    library: LibraryFolder = CARDS,
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    out: Annotated[Path | None, typer.Option(help="Write the page as files, and serve nothing.")] = None,
    against: Annotated[
        Path | None, typer.Option(help="A package that learners have, to show changed cards beside it.")
    ] = None,
) -> None:
    """Show the cards in a browser as Anki and the chat show them, while they are written."""
    from deckwright.preview import running

    old = None
    if against is not None:
        from deckwright.anki.reader import PackageError, read_package

        try:
            old = running.Released(against.name, read_package(against))
        except PackageError as error:
            _fail(f"{against.as_posix()}: {error}", FILES)
    with _cache() as cache:
        if out is not None:
            with _working("Rendering the cards"):
                written = running.write(library, out, _now(), cache=cache, old=old)
            _report(written.problems, Format.text)
            _out(f"Wrote {written.cards} cards to {out.as_posix()}, {written.size / 2**20:.1f} MB.")
            raise typer.Exit(PROBLEMS if written.failed else OK)
        with running.serving(library, _now(), port=port, cache=cache, old=old) as session:
            _out(f"Showing {library.as_posix()} at {session.url} (Ctrl-C ends).")
            if browser:
                import webbrowser

                webbrowser.open(session.url)
            for said in session.watch():
                _note(said)


@app.command(epilog="Example: deckwright new recall theory optimisation")
def new(
    kind: Annotated[str, typer.Argument(help="recall, cloze, choice, formula, red-flag, ask or code.")],
    deck: Annotated[str, typer.Argument(help="The deck's folder.")],
    topic: Annotated[str, typer.Argument(help="The topic's slug; made where there is none.")],
    library: LibraryFolder = CARDS,
) -> None:
    """Add an empty card to a topic, with every field of its kind."""
    from deckwright.scaffold import ScaffoldError, new_card

    try:
        path, line = new_card(library, kind, deck, topic)
    except ScaffoldError as error:
        _fail(str(error), USAGE)
    _out(f"{path.as_posix()}:{line}")


@app.command(epilog="Example: deckwright show forest-correlation-floor")
def show(
    card: Annotated[str, typer.Argument(metavar="ID", help="A card's id, or one it had before.")],
    library: LibraryFolder = CARDS,
) -> None:
    """Show a card in the terminal: question, answer, options, and where it stands."""
    from deckwright.cache import Cache
    from deckwright.chat.reading import FormulaReader
    from deckwright.compiler import compile_library, prompts_of
    from deckwright.diagnostics import did_you_mean
    from deckwright.kinds import KindCard
    from deckwright.showing import card_view

    compilation = compile_library(library, check_maths=False)
    if compilation.library is None:
        _report(compilation.problems, Format.text)
        raise typer.Exit(PROBLEMS)
    found = compilation.library.by_id.get(card)
    if not isinstance(found, KindCard):
        mine = [each for each in compilation.problems if each.card == card]
        if mine:
            _report(mine, Format.text)
            _fail(f'the card "{card}" has problems', PROBLEMS)
        hint = did_you_mean(card, compilation.library.by_id)
        _fail(f'there is no card "{card}"' + (f"; {hint}" if hint else ""), PROBLEMS)
    prompts = [prompt for other, prompt in prompts_of(compilation.library) if other is found]
    cache = Cache()
    view = card_view(found, compilation.origins[found.id].span("id").place, prompts, FormulaReader(cache))
    cache.close()
    _console().print(view)


@app.command(epilog="Example: deckwright stats cards --json")
def stats(
    library: LibraryFolder = CARDS,
    *,
    as_json: Json = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print the tables for a document.")] = False,
) -> None:
    """Count the library's cards by deck, kind, level and topic."""
    from deckwright.compiler import compile_library
    from deckwright.showing import stats_view
    from deckwright.stats import count, markdown

    compilation = compile_library(library, check_maths=False)
    if compilation.library is None:
        _report(compilation.problems, Format.text)
        raise typer.Exit(PROBLEMS)
    if compilation.problems.failed():
        _note("The library has problems; cards that cannot be read are not counted.")
    counted = count(compilation.library)
    if as_json:
        _out(json.dumps(counted.to_json(), indent=2))
    elif as_markdown:
        _out(markdown(counted))
    else:
        _console().print(stats_view(compilation.library.title, counted))


@app.command(epilog="Example: deckwright schema --kind recall > cards/deckwright.schema.json")
def schema(
    kind: Annotated[
        str | None, typer.Option(help="What a card is that names no kind; any kind where this is left out.")
    ] = None,
) -> None:
    """Print the JSON Schema of topic files, for editors."""
    from deckwright.kinds import KINDS
    from deckwright.schema import schema_text

    if kind is not None and kind not in KINDS:
        _fail(f'there is no kind "{kind}"; kinds are {", ".join(KINDS)}', USAGE)
    sys.stdout.write(schema_text(kind))


@app.command(epilog="Example: deckwright explain cloze-without-gap")
def explain(
    code: Annotated[str | None, typer.Argument(help="The code; all of them where left out.")] = None,
) -> None:
    """Say what a problem's code means, with a wrong and a right sample."""
    from deckwright.diagnostics import CODES, did_you_mean
    from deckwright.explanations import explanation
    from deckwright.showing import explanation_view

    if code is None:
        for each in CODES.values():
            _out(f"{each.name:<28} {each.severity:<8} {each.title}")
        return
    found = explanation(code)
    if found is None:
        hint = did_you_mean(code, CODES)
        _fail(f'there is no code "{code}"' + (f"; {hint}" if hint else ""), USAGE)
    _console().print(explanation_view(CODES[code], found))


@app.command(epilog="Example: deckwright lock --from old.apkg cards --drop 'abc123'")
def lock(
    library: LibraryFolder = CARDS,
    *,
    old: Annotated[
        Path | None, typer.Option("--from", help="A package people study, to take its identities over.")
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option(help="GUID or first field of an old note to leave out.")
    ] = None,
) -> None:
    """Show what the lock holds; with --from, make a lock for decks that people already study."""
    from deckwright import history
    from deckwright.compiler import compile_library
    from deckwright.diagnostics import Problems
    from deckwright.lock import release_name, write_file
    from deckwright.source import LOCK_FILE

    if old is None:
        problems = Problems()
        found = history.read_lock(library, problems)
        if problems:
            _report(problems, Format.text)
            raise typer.Exit(PROBLEMS)
        if found is None:
            _out(f"{library.as_posix()} has no lock yet; `deckwright release` makes it.")
            return
        cards, made = _counted(len(found.cards), "card"), _counted(len(found.releases), "release")
        _out(f"namespace {found.namespace}: {cards}, {made}")
        for each in found.releases:
            _out(f"  {release_name(each.time)}  {each.added} new, {each.changed} changed")
        return
    if (library / LOCK_FILE).exists():
        _fail(f"{(library / LOCK_FILE).as_posix()} is there already; --from makes a first one only", USAGE)
    from deckwright.adopt import adopt
    from deckwright.anki.reader import PackageError, read_package

    try:
        before = read_package(old)
    except PackageError as error:
        _fail(f"{old.as_posix()}: {error}", FILES)
    with _cache() as cache:
        compilation = compile_library(library, cache=cache)
    if compilation.library is None or compilation.problems.failed():
        _report(compilation.problems, Format.text)
        raise typer.Exit(PROBLEMS)
    adopted = adopt(compilation, before, drop=drop or [])
    if adopted.lock is None:
        _report(adopted.problems, Format.text)
        raise typer.Exit(PROBLEMS)
    write_file(library / LOCK_FILE, adopted.lock)
    _out(f"Wrote {(library / LOCK_FILE).as_posix()}: {len(adopted.lock.cards)} cards keep their history.")


def _now() -> int:
    """The build's time: SOURCE_DATE_EPOCH where it is set, else the clock, in seconds since 1970."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    clock = int(time.time())
    if fixed is None:
        return clock
    if not (fixed.isascii() and fixed.isdigit()) or not 1_000_000_000 <= int(fixed) <= clock:
        _fail(
            f"SOURCE_DATE_EPOCH must be seconds since 1970, after 2001 and not in the future, not {fixed!r}",
            USAGE,
        )
    return int(fixed)


def _report(problems: Collection[Diagnostic] | Problems, form: Format) -> None:
    from deckwright import report

    if form is Format.json:
        _out(report.as_json(problems))
    elif form is Format.github:
        if problems:
            _out(report.as_github(problems))
    elif problems:
        console = _console(stderr=True)
        console.print(report.as_text(problems, report.SourceLines(), width=console.width), soft_wrap=True)


@contextmanager
def _cache() -> Iterator[Cache]:
    from deckwright.cache import Cache

    cache = Cache()
    try:
        yield cache
    finally:
        cache.close()


@contextmanager
def _working(what: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal that work goes on; say nothing where the output is read by a program."""
    if not sys.stderr.isatty():
        yield lambda _text: None
        return
    with _console(stderr=True).status(what) as status:
        yield status.update


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, emoji=False)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _out(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _note(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _fail(message: str, code: int) -> NoReturn:
    sys.stderr.write(f"error: {message}\n")
    raise typer.Exit(code)
