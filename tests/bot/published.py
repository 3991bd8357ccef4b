"""Whether what everybody saw is there once, is what the database says, and gives no key away too early."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any

from bot.recount import OTHER_POINTS, RIGHT_POINTS
from bot.remains import File
from bot.witness import Witness
from bot.wording import PATTERNS

SECRET = re.compile(r"secret-\d+")
"""What only an answer or a reason of the cards says; its number is the card's."""


def look(file: File, seen: Witness) -> None:
    kinds = Counter(face.kind for face in seen.faces if face.new)
    assert set(kinds) <= {"hello", "post", "lobby", "question", "table"}, f"{kinds}"
    assert kinds["hello"] <= 1, "the group was greeted twice"
    _posts(file, seen)
    _quizzes(file, seen)
    _tables(file, seen)
    _keys(file, seen)


def _posts(file: File, seen: Witness) -> None:
    posts = file.rows("SELECT id, state, message FROM posts")
    there = dict(seen.posts)
    assert len(there) == len(seen.posts), f"a post stands there twice: {seen.posts}"
    assert there.keys() <= {row["id"] for row in posts}, "a post stands there that was not claimed"
    for row in posts:
        post, state, message = row
        # Killed between sending and recording, it stands there already.
        fits = message == there.get(post) or (state == "claimed" and message is None)
        assert fits, f"post {post} is {state} with message {message}, and {there.get(post)} stands there"
        assert state not in ("sent", "closed") or post in there, f"post {post} is {state}, and stands nowhere"


def _quizzes(file: File, seen: Witness) -> None:
    lobbies = dict(seen.lobbies)
    assert len(lobbies) == len(seen.lobbies), f"a lobby stands there twice: {seen.lobbies}"
    quizzes = {row["id"]: row["message"] for row in file.rows("SELECT * FROM quizzes WHERE kind = 'group'")}
    assert lobbies.keys() <= quizzes.keys(), "a lobby stands there whose quiz is not stored"
    for quiz, message in quizzes.items():
        assert message in (None, lobbies.get(quiz)), f"the lobby of quiz {quiz} is {message}"
    questions = {(quiz, number): message for quiz, number, message in seen.questions}
    assert len(questions) == len(seen.questions), f"a question stands there twice: {seen.questions}"
    asked = {
        (row["quiz"], row["number"]): row["message"] for row in file.rows("SELECT * FROM quiz_questions")
    }
    assert questions.keys() <= asked.keys(), "a question stands there that is not stored"
    for place, message in asked.items():
        assert message in (None, questions.get(place)), f"question {place} is {message}"


def _tables(file: File, seen: Witness) -> None:
    """In one channel quizzes end one after the other, so the nth table is that of the nth quiz."""
    ended = file.rows("SELECT * FROM quizzes WHERE kind = 'group' AND phase = 'ended' ORDER BY id")
    assert len(seen.tables) <= len(ended), "a final table stands there twice, or before the end"
    assert sum(row["told"] for row in ended) <= len(seen.tables), "a final table was noted that never came"
    for row, text in zip(ended, seen.tables, strict=False):
        lines = [
            (int(line["rank"]), line["name"], int(line["points"]), int(line["right"]))
            for line in PATTERNS["quiz.line"].finditer(text)
        ]
        assert sorted(lines) == _recounted(file, row["id"]), f"the table of quiz {row['id']}"


def _recounted(file: File, quiz: int) -> list[tuple[int, str, int, int]]:
    """Rank, name, points and right answers of everybody who answered."""
    sums: defaultdict[str, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for row in file.rows(
        'SELECT name, a."right" FROM quiz_answers a JOIN members USING (group_id, member)'
        f" WHERE a.quiz = {quiz}"
    ):
        points, right, answers = sums[row["name"]]
        worth = RIGHT_POINTS if row["right"] else OTHER_POINTS
        sums[row["name"]] = (points + worth, right + row["right"], answers + 1)
    return sorted(
        (1 + sum(other > mine for other in sums.values()), name, mine[0], mine[1])
        for name, mine in sums.items()
    )


def _keys(file: File, seen: Witness) -> None:
    """A key is told by its own message alone, once its question is over, and never while a post asks it."""
    posts = {row["id"]: row for row in file.rows("SELECT * FROM posts")}
    asked = {(row["quiz"], row["number"]): row for row in file.rows("SELECT * FROM quiz_questions")}
    open_questions = [
        tuple(row) for row in file.rows("SELECT id, position FROM quizzes WHERE phase = 'asking'")
    ]
    of_message: dict[int, Any] = {message: posts[post] for post, message in seen.posts}
    of_message |= {message: asked[quiz, number] for quiz, number, message in seen.questions}
    first: dict[int, int] = {}
    for number, face in enumerate(seen.faces):
        first.setdefault(face.message, number)
    open_posts = {
        _secret(posts[post]): first[message]
        for post, message in seen.posts
        if posts[post]["state"] in ("claimed", "sent")
    }
    for face in seen.faces:
        secrets = set(SECRET.findall(face.text))
        if not secrets:
            continue
        row = of_message.get(face.message)
        assert row is not None, f"a {face.kind} tells {secrets}"
        assert secrets == {_secret(row)}, f"a {face.kind} on {row['card']} tells {secrets}"
        if face.kind == "post":
            assert row["state"] == "closed", f"post {row['id']} is {row['state']}, and tells its key"
            assert row["closed"] >= row["closes"], f"post {row['id']} was closed too early"
        else:
            place = (row["quiz"], row["number"])
            assert place not in open_questions, f"question {place} is open, and tells its key"
        for secret in secrets & open_posts.keys():
            # A question that was asked before the post came cannot be taken back.
            assert first[face.message] < open_posts[secret], f"a {face.kind} tells the key of an open post"


def _secret(row: Any) -> str:
    return f"secret-{row['card'].rpartition('-')[2]}"
