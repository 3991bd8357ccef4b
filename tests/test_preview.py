"""The preview without a browser: what is served to whom, what a save changes, what is written."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deckwright import builder
from deckwright.anki.reader import read_package
from deckwright.cli import app
from deckwright.compiler import compile_library
from deckwright.preview import assets
from deckwright.preview.released import Released
from deckwright.preview.running import Session, write as write_page
from deckwright.preview.workshop import Workshop
from libraries import DECK, library, topic, write
from preview_library import NOW, hostile, replace, served, small

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><script>alert(1)</script></svg>'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return small(tmp_path / "cards")


@pytest.fixture
def session(root: Path) -> Iterator[Session]:
    with served(root) as made:
        yield made


def ask(
    session: Session, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", session.server.port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def data(session: Session, since: int = -1) -> Any:
    return json.loads(ask(session, f"/data.json?since={since}")[2])


class Events:
    """The stream of events, read one by one."""

    def __init__(self, session: Session) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", session.server.port, timeout=10)
        self.connection.request("GET", "/events")
        self.answer = self.connection.getresponse()

    def next(self) -> int:
        while True:
            line = self.answer.readline().decode()
            assert line, "the stream ended"
            if line.startswith("data: "):
                return int(line.removeprefix("data: "))


# ---------------------------------------------------------------- who is served what


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "evil.example:80", "[::1]:1", ""])
def test_another_host_name_is_refused(session: Session, host: str) -> None:
    for path in ("/", "/data.json", "/events", "/media/x.png"):
        assert ask(session, path, Host=host)[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"])
def test_another_page_is_refused(session: Session, origin: str) -> None:
    for path in ("/", "/data.json", "/events", "/chat.json?card=options&ordinal=0", "/frame.html"):
        assert ask(session, path, Origin=origin)[0] == 403


def test_a_sandboxed_frame_gets_its_own_parts_and_nothing_else(session: Session) -> None:
    for name in assets.FRAME_PARTS:
        assert ask(session, f"/{name}", Origin="null")[0] == 200
        assert ask(session, f"/{name}", Origin="http://evil.example")[0] == 403
    for name in set(assets.page_files()) - assets.FRAME_PARTS:
        assert ask(session, f"/{name}", Origin="null")[0] == 403


def test_the_page_itself_is_served_under_both_its_names(session: Session) -> None:
    for name in ("127.0.0.1", "localhost"):
        host = f"{name}:{session.server.port}"
        assert ask(session, "/data.json", Host=host, Origin=f"http://{host}")[0] == 200


def test_only_this_computer_can_connect(session: Session) -> None:
    assert session.server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_nothing_but_get_is_answered(session: Session, method: str) -> None:
    assert ask(session, "/", method)[0] == 501


@pytest.mark.parametrize(
    "path",
    [
        "/../library.yaml", "/%2e%2e/library.yaml", "/media/../library.yaml", "/media/..%2flibrary.yaml",
        "/library.yaml", "/main/topic.yaml", "/media/%2fetc%2fpasswd", "/media//etc/passwd", "/etc/passwd",
        "/media/..%5c..%5clibrary.yaml", "/media/secret.svg", "/index.html/../page.py", "/media/", "/%00",
    ],
)  # fmt: skip
def test_no_path_leads_to_a_file(session: Session, path: str) -> None:
    status, _, body = ask(session, path)

    assert status == 404
    assert body == b"not here\n"


def test_images_of_cards_are_served_by_their_packaged_name_and_can_run_nothing(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", "- {id: a, kind: recall, front: '![x](p.svg)', back: b}")
    write(root, {"main/p.svg": SVG})
    with served(root) as session:
        front = data(session)["cards"]["a"]["sides"][0]["front"]
        name = re.findall(r'src="([^"]+)"', front)[0]
        status, headers, body = ask(session, f"/media/{name}")

        assert (status, body) == (200, SVG)
        assert headers["Content-Type"] == "image/svg+xml"
        assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_link_out_of_the_library_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"secret.svg": SVG})
    root = library(tmp_path / "cards", "- {id: a, kind: recall, front: '![x](p.svg)', back: b}")
    (root / "main/p.svg").symlink_to(tmp_path / "secret.svg")
    with served(root) as session:
        (name,) = session.server.workshop.snapshot.media

        assert ask(session, f"/media/{name}")[0] == 404


def test_every_answer_has_a_strict_policy(session: Session) -> None:
    for path in (
        "/",
        "/frame.html",
        "/data.js",
        "/data.json",
        "/chat.json?card=forests",
        "/page.js",
        "/nothing",
    ):
        headers = ask(session, path)[1]
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors" in policy
        assert "unsafe-eval" not in policy
        assert "script-src 'unsafe-inline'" not in policy
        assert headers["Referrer-Policy"] == "no-referrer"


def test_too_many_connections_are_refused_and_the_rest_go_on(session: Session) -> None:
    streams = [Events(session) for _ in range(16)]

    assert ask(session, "/events")[0] == 503
    assert ask(session, "/data.json")[0] == 200
    for stream in streams:
        stream.connection.close()


def test_the_chat_form_of_a_prompt_is_told(session: Session) -> None:
    form = json.loads(ask(session, "/chat.json?card=options&ordinal=0")[2])

    assert {option["text"][0] for option in form["options"]} == {"This one", "Not this"}
    assert json.loads(ask(session, "/chat.json?card=options&ordinal=7")[2]) is None
    assert json.loads(ask(session, "/chat.json?card=nobody&ordinal=0")[2]) is None
    assert json.loads(ask(session, "/chat.json?card=gradient&ordinal=2")[2])["question"]


# ---------------------------------------------------------------- saving


def test_a_save_is_told_and_brings_the_changed_card_alone(session: Session, root: Path) -> None:
    events = Events(session)
    first = events.next()
    started = time.monotonic()
    replace(root, "Which is right?", "Which is wrong?")
    second = events.next()
    took = time.monotonic() - started
    news = data(session, since=first)

    assert second > first
    assert took < 0.5
    assert list(news["cards"]) == ["options"]
    assert "Which is wrong?" in news["cards"]["options"]["sides"][0]["front"]


def test_a_file_that_breaks_keeps_its_cards_and_shows_the_line(session: Session, root: Path) -> None:
    events = Events(session)
    events.next()
    replace(root, "front: Which is right?", "front: [Which is right?")
    events.next()
    news = data(session)

    assert set(news["cards"]) == {"forests", "gradient", "options"}
    assert all(card["stale"] for card in news["cards"].values())
    assert "Which is right?" in news["cards"]["options"]["sides"][0]["front"]
    assert "front: [Which is right?" in news["cards"]["options"]["yaml"]
    problem = news["head"]["problems"][0]
    assert problem["code"] == "yaml-syntax"
    assert problem["card"] == "options"

    replace(root, "front: [Which is right?", "front: Which is right?")
    events.next()
    mended = data(session)
    assert mended["head"]["problems"] == []
    assert not any(card["stale"] for card in mended["cards"].values())


def test_a_card_that_breaks_keeps_only_itself(session: Session, root: Path) -> None:
    events = Events(session)
    events.next()
    replace(root, "front: Which is right?", "fornt: Which is right?")
    events.next()
    news = data(session)

    assert [card for card, each in news["cards"].items() if each["stale"]] == ["options"]
    assert news["head"]["decks"][0]["topics"][0]["cards"] == ["forests", "gradient", "options"]
    assert {problem["card"] for problem in news["head"]["problems"]} == {"options"}


def test_a_library_file_that_breaks_keeps_everything(session: Session, root: Path) -> None:
    events = Events(session)
    events.next()
    write(root, {"library.yaml": "title: [\n"})
    events.next()
    news = data(session)

    assert len(news["cards"]) == 3
    assert news["head"]["title"] == "Test"
    assert news["head"]["kept"]


def test_a_deleted_card_goes_and_a_new_one_comes(session: Session, root: Path) -> None:
    events = Events(session)
    events.next()
    write(root, {"main/topic.yaml": topic("- {id: fresh, kind: recall, front: a, back: b}")})
    events.next()

    assert list(data(session)["cards"]) == ["fresh"]


def test_a_folder_without_a_library_says_so(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, NOW)
    snapshot = workshop.refresh()
    workshop.close()

    assert snapshot.failed
    assert [problem["code"] for problem in snapshot.head["problems"]] == ["no-library"]
    assert snapshot.cards == {}


def test_cards_that_did_not_change_are_not_rendered_again(root: Path) -> None:
    workshop = Workshop(root, NOW)
    before = workshop.refresh()
    replace(root, "Which is right?", "Which is wrong?")
    after = workshop.refresh()
    workshop.close()

    assert after.cards["forests"] is before.cards["forests"]
    assert after.cards["options"] is not before.cards["options"]


# ---------------------------------------------------------------- files


def unpacked(site: Path, at: int = 0) -> Any:
    """The data of a written page."""
    import base64
    import gzip

    text = (site / "data.js").read_text("utf-8")
    parts = re.fullmatch(r'deckwright\.start\("([A-Za-z0-9+/=]+)", "([A-Za-z0-9+/=]+)"\);\n', text)
    assert parts is not None
    return json.loads(gzip.decompress(base64.b64decode(parts[at + 1])))


def test_the_written_page_is_whole_and_asks_for_nothing_elsewhere(root: Path, tmp_path: Path) -> None:
    written = write_page(root, tmp_path / "site", NOW)
    names = {path.name for path in (tmp_path / "site").iterdir()}

    assert written.cards == 3
    assert names == {"index.html", "frame.html", "data.js", "NOTICE.txt", *assets.page_files()}
    for name in names - {"mathjax.js", "NOTICE.txt", "data.js", "fonts.css"}:
        text = (tmp_path / "site" / name).read_text("utf-8")
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//|url\(|@import""", text), name
    for name in ("index.html", "frame.html"):
        text = (tmp_path / "site" / name).read_text("utf-8")
        assert "default-src &#x27;none&#x27;" in text
        assert not re.search(r"<script>|\son[a-z]+=", text)
    assert len(unpacked(tmp_path / "site", 1)["forms"]) == 3


def test_the_same_library_gives_the_same_files(root: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_page(root, tmp_path / name, NOW)

    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_nothing_of_a_hostile_library_becomes_markup_of_the_page(tmp_path: Path) -> None:
    write_page(hostile(tmp_path / "cards"), tmp_path / "site", NOW)

    assert "<script>alert" not in (tmp_path / "site/index.html").read_text("utf-8")
    assert "<" not in (tmp_path / "site/data.js").read_text("utf-8")
    snapshot = Workshop(tmp_path / "cards", NOW).refresh()
    assert "<" not in snapshot.data()


def test_a_thousand_cards_stay_under_ten_megabytes(tmp_path: Path) -> None:
    cards = "\n".join(
        rf"""
- id: recall-{n}
  kind: recall
  front: Why is $\frac{{\sigma_{{{n}}}}}{{n}}$ of word{n} what it is?
  back: Because of $\sum_{{i={n}}}^n x_i$ and word{n + 1}.
  right: $\frac{{1}}{{{n + 1}}}$
  wrong:
    - text: $\frac{{2}}{{{n + 1}}}$
      why: No.
    - text: $\frac{{3}}{{{n + 1}}}$
      why: No.
- id: cloze-{n}
  kind: cloze
  text: The {{{{c1::word{n}}}}} of {{{{c2::$x_{{{n}}}$}}}}.
"""
        for n in range(500)
    )
    started = time.monotonic()
    written = write_page(library(tmp_path / "cards", cards), tmp_path / "site", NOW)

    assert written.cards == 1000
    assert written.size < 10 * 2**20
    assert time.monotonic() - started < 120


# ---------------------------------------------------------------- releases


def test_cards_that_changed_since_the_release_are_marked(root: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["release", str(root), "--out", str(tmp_path / "build")])
    assert done.exit_code == 0, done.output
    replace(root, "Which is right?", "Which is wrong?")
    write(root, {"main/more.yaml": topic("- {id: fresh, kind: recall, front: a, back: b}", "more")})
    workshop = Workshop(root, NOW)
    snapshot = workshop.refresh()
    workshop.close()

    assert {card: shown.facts["change"] for card, shown in snapshot.cards.items()} == {
        "forests": "same", "gradient": "same", "options": "changed", "fresh": "new",
    }  # fmt: skip
    assert snapshot.head["released"]


def test_against_a_package_the_old_text_stands_beside_the_new(root: Path, tmp_path: Path) -> None:
    builder.build(compile_library(root), tmp_path / "build", NOW)
    old = Released("test.apkg", read_package(tmp_path / "build/test.apkg"))
    replace(root, "Which is right?", "Which is wrong?")
    replace(root, "id: gradient", "id: slope")
    workshop = Workshop(root, NOW, old=old)
    snapshot = workshop.refresh()
    workshop.close()

    assert "Which is right?" in snapshot.cards["options"].facts["old"][0]["front"]
    assert snapshot.cards["options"].facts["change"] == "changed"
    assert snapshot.cards["forests"].facts["old"] == []
    assert snapshot.cards["slope"].facts["change"] == "new"
    assert snapshot.head["gone"] == ["gradient"]


# ---------------------------------------------------------------- the command


def test_the_command_writes_files_and_fails_where_the_library_has_errors(root: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["preview", str(root), "--out", str(tmp_path / "site")])
    assert done.exit_code == 0, done.output
    assert "Wrote 3 cards" in done.output

    replace(root, "front: Which is right?", "fornt: Which is right?")
    done = CliRunner().invoke(app, ["preview", str(root), "--out", str(tmp_path / "site")])
    assert done.exit_code == 1
    assert len(unpacked(tmp_path / "site")["head"]["problems"]) > 0


def test_a_package_that_is_none_is_refused(root: Path, tmp_path: Path) -> None:
    write(tmp_path, {"old.apkg": "no zip"})
    done = CliRunner().invoke(
        app, ["preview", str(root), "--out", str(tmp_path / "s"), "--against", str(tmp_path / "old.apkg")]
    )

    assert done.exit_code == 3


def test_the_command_serves_until_it_is_interrupted(root: Path) -> None:
    command = [sys.executable, "-m", "deckwright", "preview", str(root), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", said)
        assert found is not None
        connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)

    assert process.returncode == 0
    assert errors == ""


def test_a_port_that_is_taken_is_told(session: Session, root: Path) -> None:
    command = ["preview", str(root), "--no-browser", "--port", str(session.server.port)]
    done = subprocess.run(
        [sys.executable, "-m", "deckwright", *command], capture_output=True, text=True, check=False
    )

    assert done.returncode == 3
    assert "in use" in done.stderr


def test_the_deck_may_be_empty(tmp_path: Path) -> None:
    root = write(
        tmp_path / "cards",
        {"library.yaml": "title: T\nnamespace: t\ndecks: [main]\n", "main/deck.yaml": DECK},
    )

    assert write_page(root, tmp_path / "site", NOW).cards == 0
