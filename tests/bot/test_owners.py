"""What group owners do in Discord, end to end: settings, status, corrections, and who may not."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.server import (
    Server,
    button_named,
    button_of,
    buttons_of,
    forge,
    forge_command,
    forge_form,
    posts_of,
    story,
    title_of,
    words_of,
)
from deckwright_bot.client import StudyBot
from deckwright_bot.cogs.components import HANDLERS
from deckwright_bot.sandbox import Outcome, Permission
from deckwright_bot.services.snapshots import snapshot_of
from deckwright_bot.store.records import Daily
from deckwright_bot.ui.dates import dated

pytestmark = pytest.mark.filterwarnings("ignore:.*unclosed.*:ResourceWarning")

NOT_ALLOWED = "Only somebody who may manage this server"
STALE = "older version of me"
ALL_DAYS = [str(day) for day in range(7)]


async def daily_of(bot: StudyBot, server: Server) -> Daily:
    found = await bot.context.services.groups.daily(server.owner.guild.id)
    assert found is not None
    return found


async def further(server: Server, panel: Any, **fields: Any) -> Outcome:
    """Fill in "More", as a client does that shows what is chosen."""
    form = await server.owner.click(panel, "More")
    return await server.owner.submit(form, {"days": ALL_DAYS, **fields})


def test_settings_without_options_is_a_private_panel_with_everything(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            await server.set_up()
            panel = await server.owner.slash("settings")

            assert panel.ephemeral
            words = words_of(panel.message)
            for part in (
                f"<#{server.owner.home.id}>",
                "09:00 (Europe/Berlin)",
                "every day",
                "Easy and medium",
            ):
                assert part in words
            assert words.count(":F>") == 3
            assert "questions left" in words
            assert "No permission is missing." in words
            assert [button["label"] for button in buttons_of(panel.message)] == [
                "Change",
                "More",
                "Test post",
                "Thread: off",
                "Pin: off",
                "Open questions: off",
                "Friday rematch: on",
            ]

    story(tmp_path, tell)


def test_settings_before_the_set_up_opens_the_form(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            server.owner.invite_bot()
            await server.owner.wait_for(lambda m: button_of(m, "begin") is not None)
            form = await server.owner.slash("settings")
            typed = await server.owner.slash("settings", time="18:30", level="hard")

            assert form.modal["custom_id"] == "dw:setup"
            values = [part["component"].get("value") for part in typed.modal["components"]]
            assert "18:30" in values

    story(tmp_path, tell)


def test_the_panel_is_edited_in_place_by_forms_and_switches(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            role, log = server.owner.create_role("learners"), server.owner.create_channel("log")
            panel = (await server.owner.slash("settings")).message
            form = await server.owner.click(panel, "Change")
            changed = await server.owner.submit(
                form, {"channel": server.owner.home, "time": "18.30", "zone": "new york", "level": "hard"}
            )
            assert changed.message.id == panel.id
            assert "18:30 (America/New_York)" in words_of(changed.message)

            dates = "2031-12-24..2032-01-02, 2031-05-01"
            more = await further(
                server, panel, days=["0", "4"], dates=dates, decks=["theory"], ping=role, log=log
            )
            assert more.message.id == panel.id
            for part in (
                "Monday, Friday",
                "2031-12-24..2032-01-02",
                f"<@&{role.id}>",
                f"<#{log.id}>",
                "Theory",
            ):
                assert part in words_of(more.message)

            for label, after in (("Thread: off", "Thread: on"), ("Pin: off", "Pin: on")):
                turned = await server.owner.click(panel, label)
                assert turned.message.id == panel.id
                assert after in [button["label"] for button in buttons_of(turned.message)]

            form = await server.owner.click(panel, "More")
            shown = {p["component"]["custom_id"]: p["component"] for p in form.modal["components"]}
            assert shown["dates"]["value"] == "2031-05-01, 2031-12-24..2032-01-02"
            assert [o["value"] for o in shown["decks"]["options"] if o.get("default")] == ["theory"]
            cleared = await server.owner.submit(form, {"days": ALL_DAYS, "dates": ""})
            assert "nobody" in words_of(cleared.message)
            assert "2031" not in words_of(cleared.message)
            daily = await daily_of(bot, server)
            assert (daily.ping_role, daily.log_channel, daily.decks, daily.skip_dates) == (
                None,
                None,
                None,
                frozenset(),
            )
            assert (daily.thread, daily.pin) == (True, True)

    story(tmp_path, tell)


def parts_of(form: Outcome) -> dict[str, Any]:
    """The parts of an open form by custom id."""
    return {part["component"]["custom_id"]: part["component"] for part in form.modal["components"]}


def chosen_in(part: Any) -> list[str]:
    """What stands chosen in a select when its form opens."""
    given = [str(each["id"]) for each in part.get("default_values", [])]
    return given + [each["value"] for each in part.get("options", []) if each.get("default")]


def test_a_form_with_a_mistake_is_corrected_and_not_written_anew(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        owner = server.owner
        async with server.bot():
            owner.invite_bot()
            hello = await owner.wait_for(lambda m: button_of(m, "begin") is not None)
            other = owner.create_channel("questions")
            form = await owner.click(hello, button_named(hello, "begin"))
            sent: dict[str, Any] = {"channel": other, "time": "18:30", "zone": "Berln", "level": "hard"}
            refused = await owner.submit(form, sent)
            shown = parts_of(await owner.click(refused.message, "Correct it"))
            assert (shown["time"]["value"], shown["zone"]["value"]) == ("18:30", "Berln")
            assert chosen_in(shown["channel"]) == [str(other.id)]
            assert chosen_in(shown["level"]) == ["hard"]

            again = await owner.click(refused.message, "Correct it")
            done = await owner.submit(again, {**sent, "zone": "Berlin"})
            assert "Done." in done.text

            panel = (await owner.slash("settings")).message
            wrong = await owner.submit(await owner.click(panel, "Change"), {**sent, "time": "25:00"})
            assert parts_of(await owner.click(wrong.message, "Correct it"))["time"]["value"] == "25:00"
            assert parts_of(await owner.click(panel, "Change"))["time"]["value"] == "18:30"

            role = owner.create_role("learners")
            wrong = await further(
                server, panel, days=["1", "3"], dates="2031-13-01", decks=["theory"], ping=role, log=other
            )
            shown = parts_of(await owner.click(wrong.message, "Correct it"))
            assert shown["dates"]["value"] == "2031-13-01"
            assert [chosen_in(shown[name]) for name in ("days", "decks", "ping", "log")] == [
                ["1", "3"],
                ["theory"],
                [str(role.id)],
                [str(other.id)],
            ]
            owner.delete_channel(other)
            assert chosen_in(parts_of(await owner.click(wrong.message, "Correct it"))["log"]) == []
            assert parts_of(await owner.click(panel, "More")).get("dates", {}).get("value", "") == ""
        async with server.bot():
            shown = parts_of(await owner.click(wrong.message, "Correct it"))
            assert shown["dates"].get("value", "") == ""

    story(tmp_path, tell)


def test_every_mistake_is_reported_at_once_and_nothing_is_saved(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            other = server.owner.create_channel("locked")
            server.owner.set_permissions(other, deny=Permission.SEND_MESSAGES)
            before = await daily_of(bot, server)
            wrong = await server.owner.slash(
                "settings", channel=other, time="25:99", zone="Atlantis", level="easy"
            )
            assert wrong.ephemeral
            for part in ("25:99", "Atlantis", "Send Messages"):
                assert part in wrong.text
            assert "Embed Links" not in wrong.text  # it only follows from the one that is missing

            panel = (await server.owner.slash("settings")).message
            bad = await further(server, panel, dates="2031-02-30, soon", ping=server.owner.everyone)
            for part in ("2031-02-30", "soon", "I do not mention everyone"):
                assert part in bad.text
            again = await server.owner.click(bad.message, "Correct it")
            assert again.modal["custom_id"] == "dw:panel-further"
            assert await daily_of(bot, server) == before

    story(tmp_path, tell)


def test_the_panel_names_what_is_missing_for_what_is_switched_on(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            await server.set_up()
            owner, home = server.owner, server.owner.home
            role, log = owner.create_role("learners"), owner.create_channel("log")
            hidden = Permission.PIN_MESSAGES | Permission.MENTION_EVERYONE | Permission.CREATE_PUBLIC_THREADS
            owner.set_permissions(home, deny=hidden | Permission.SEND_MESSAGES_IN_THREADS)
            owner.set_permissions(log, deny=Permission.VIEW_CHANNEL)
            panel = (await owner.slash("settings")).message
            assert "No permission is missing." in words_of(panel)
            await owner.click(panel, "Thread: off")
            await owner.click(panel, "Pin: off")
            shown = await further(server, panel, ping=role, log=log)

            words = words_of(shown.message)
            for name in (
                "Create Public Threads",
                "Send Messages in Threads",
                "Pin Messages",
                "Mention Everyone",
                "View Channel",
            ):
                assert name in words
            assert "Embed Links" not in words
            status = await owner.slash("admin status")
            assert "Pin Messages" in status.text
            owner.delete_channel(log)
            assert "is gone" in (await owner.slash("admin status")).text

    story(tmp_path, tell)


def test_a_library_of_many_decks_is_chosen_from_by_name(tmp_path: Path) -> None:
    cards = tmp_path / "library"
    names = [f"deck-{n:02}" for n in range(30)]
    cards.mkdir()
    (cards / "library.yaml").write_text(f"title: L\nnamespace: test\ndecks: [{', '.join(names)}]\n")
    for name in names:
        (cards / name).mkdir()
        (cards / name / "deck.yaml").write_text(f"title: The {name}\n")
        card = f"  - id: card-{name}\n    front: Is {name}?\n    back: b\n    right: yes\n    wrong:\n"
        card += "".join(f"      - {{text: no {n}, why: no}}\n" for n in range(3))
        (cards / name / "topic.yaml").write_text(f"topic: t-{name}\ntitle: Topic\ncards:\n{card}")

    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            panel = (await server.owner.slash("settings")).message
            bad = await further(server, panel, **{"deck-names": "deck-03, dekc-04"})
            assert "dekc-04" in bad.text
            assert "deck-04" in bad.text
            await further(server, panel, **{"deck-names": "deck-03, the deck-07"})
            assert (await daily_of(bot, server)).decks == frozenset({"deck-03", "deck-07"})
            await further(server, panel, **{"deck-names": ""})
            assert (await daily_of(bot, server)).decks is None

    story(tmp_path, tell, cards=cards)


def test_a_test_post_is_what_members_would_see_and_says_what_would_fail(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post = await server.set_up()
            panel = (await server.owner.slash("settings")).message
            fine = await server.owner.click(panel, "Test post")
            assert fine.ephemeral
            assert title_of(fine.message) == title_of(post) == "Question of the day"
            labels = [button["label"] for button in buttons_of(fine.message)]
            assert labels == [button["label"] for button in buttons_of(post)]
            assert all(button["disabled"] for button in buttons_of(fine.message))
            await server.sandbox.until(lambda: bool(fine.follow_ups))
            assert "Nothing is in the way" in fine.text

            before = await posts_of(bot, server)
            forged = await forge(server.owner, fine.message, button_named(fine.message, "pick"))
            assert STALE in forged.text
            server.owner.set_permissions(server.owner.home, deny=Permission.ATTACH_FILES)
            failing = await server.owner.click(panel, "Test post")
            await server.sandbox.until(lambda: bool(failing.follow_ups))
            assert "A real post would fail" in failing.text
            assert "Attach Files" in failing.text
            assert await posts_of(bot, server) == before
            public = [m for m in server.bob.sees() if title_of(m) == "Question of the day"]
            assert len(public) == 1

    story(tmp_path, tell)


async def rescoring(server: Server, bot: StudyBot) -> tuple[Any, str, str, str]:
    """A post that Ada answered right and Bob wrong: its message, date, right and wrong letter."""
    post = await server.set_up()
    row = (await posts_of(bot, server))[0]
    options = snapshot_of(row).options
    right = next(option.letter for option in options if option.right)
    wrong = next(option.letter for option in options if not option.right)
    await server.ada.click(post, right)
    await server.bob.click(post, wrong)
    return post, row.date.isoformat(), right, wrong


def test_r28_a_rescore_is_shown_first_and_applied_by_a_button(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post, day, right, wrong = await rescoring(server, bot)
            offered = await server.owner.autocomplete("admin rescore", "day", "")
            assert [choice["value"] for choice in offered] == [day]
            assert offered[0]["name"].startswith(f"{day} · ")
            dry = await server.owner.slash("admin rescore", day=day, right=wrong.lower())
            assert dry.ephemeral
            assert f"Right so far: **{right}**. From now on: **{wrong}**." in dry.text
            assert "**+8** points for 1 member" in dry.text
            assert "**−8** points for 1 member" in dry.text
            assert (await posts_of(bot, server))[0].key is None
        # The button works after a restart, too.
        async with server.bot() as bot:
            done = await server.owner.click(dry.message, "Apply")
            assert done.message.id == dry.message.id
            assert f"Done: {wrong} is right." in words_of(done.message)
            assert not list(buttons_of(done.message))
            twice = await forge(
                server.owner, dry.message, button_named(post, "mine").replace("mine", "rescore")
            )
            assert twice.ephemeral
            board = await server.bob.slash("leaderboard")
            assert "1\\. Bob · 10 points · 1 right" in board.text
            assert "corrected" in (await server.ada.click(post, "My result")).text
            await bot._tick()
            assert title_of(post) == "Question of the day"
            await server.move(bot, hours=30)
            closed = next(m for m in server.bob.sees() if m.id == post.id)
            assert f"✓ **{wrong} · 1" in words_of(closed)
            assert f"✗ **{right} · 1" in words_of(closed)
            # A closed post is revealed again.
            dry = await server.owner.slash("admin rescore", day=day, right=f"{right}, {wrong}")
            await server.owner.click(dry.message, "Apply")
            await bot._tick()
            closed = next(m for m in server.bob.sees() if m.id == post.id)
            assert f"✓ **{right} · 1" in words_of(closed)
            both = ", ".join(sorted(right + wrong))
            assert f"{both} are right." in (await server.ada.click(closed, "My result")).text

    story(tmp_path, tell)


def test_r28_an_answer_in_between_is_shown_before_anything_is_applied(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post, day, _, wrong = await rescoring(server, bot)
            dry = await server.owner.slash("admin rescore", day=day, right=wrong)
            await server.owner.click(post, wrong)
            moved = await server.owner.click(dry.message, "Apply")
            assert "Somebody answered since" in words_of(moved.message)
            assert "**+8** points for 2 members" in words_of(moved.message)
            assert (await posts_of(bot, server))[0].key is None
            done = await server.owner.click(moved.message, "Apply")
            assert "Done:" in words_of(done.message)

    story(tmp_path, tell)


def test_r28_a_void_closes_an_open_post_and_tells_its_reason_safely(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post, day, right, _ = await rescoring(server, bot)
            done = await server.owner.slash("admin void", day=day, reason="Both **fit** @everyone.")
            assert f"{dated(date.fromisoformat(day), year=True)} is void" in done.text
            await bot._tick()
            shown = next(m for m in server.bob.sees() if m.id == post.id)
            assert "Void: Both \\*\\*fit\\*\\* @\u200beveryone. Points are gone" in words_of(shown)
            assert [button["label"] for button in buttons_of(shown)] == ["My result"]
            assert not shown.mention_everyone
            mine = await server.ada.click(post, "My result")
            assert "This question is void" in mine.text
            late = await forge(
                server.owner, post, button_named(post, "mine").replace("mine", "pick") + f":{right}"
            )
            assert "closed" in late.text
            assert "Nobody has points" in (await server.ada.slash("leaderboard")).text
            again = await server.owner.slash("admin void", day=day, reason="again")
            assert "is void" in again.text

    story(tmp_path, tell)


def test_r23_a_credit_is_visible_to_its_member(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            _, day, _, _ = await rescoring(server, bot)
            early = await server.owner.slash("admin credit", member=server.owner, day=day, reason="r")
            assert "still open" in early.text
            await server.move(bot, hours=30)
            offered = await server.owner.autocomplete("admin credit", "day", "")
            assert [choice["value"] for choice in offered] == [day]
            answered = await server.owner.slash("admin credit", member=server.ada, day=day, reason="r")
            assert "there is nothing to credit" in answered.text
            done = await server.owner.slash(
                "admin credit", member=server.owner, day=day, reason="I was *away* @here"
            )
            assert "counts for Olga" in done.text
            shown = await server.owner.slash("streak show")
            assert "◆" in shown.text
            assert f"{dated(date.fromisoformat(day), year=True)}: I was \\*away\\* @\u200bhere" in shown.text
            assert "Credited" not in (await server.ada.slash("streak show")).text
            for typed, told in (("1999-01-01", "1 January 1999"), ("yesterday", "yesterday")):
                answer = await server.owner.slash("admin credit", member=server.owner, day=typed, reason="r")
                assert told in answer.text

    story(tmp_path, tell)


def test_status_tells_how_it_goes_in_a_few_lines(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            await server.move(bot, hours=30)
            running = (await server.owner.slash("admin status")).text
            for part in (
                "**Running**",
                "· open ·",
                "· closed ·",
                "questions left",
                "cards",
                "Last awake <t:",
            ):
                assert part in running
            assert len(running.splitlines()) < 25
            await server.owner.slash("admin pause")
            paused = (await server.owner.slash("admin status")).text
            assert "**Paused.**" in paused
            assert "Running" not in paused
            saved = await server.owner.slash("settings", time="10:00")
            assert "None while posting is paused" in saved.text

    story(tmp_path, tell)


def test_help_says_to_owners_what_owners_can_do(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            await server.set_up()
            member, owner = (await server.ada.slash("help")).text, (await server.owner.slash("help")).text
            assert "/streak show" in member
            assert "/admin" not in member
            assert "/admin rescore" in owner

    story(tmp_path, tell)


def test_nobody_else_can_do_what_owners_do(tmp_path: Path) -> None:
    """Not by commands, nor by buttons of somebody else's panel, nor by forms that nobody opened."""

    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post, day, _, wrong = await rescoring(server, bot)
            dry = await server.owner.slash("admin rescore", day=day, right=wrong)
            before = await daily_of(bot, server), await posts_of(bot, server)
            commands: list[tuple[str, dict[str, Any]]] = [
                ("settings", {}),
                ("settings", {"time": "10:00"}),
                ("admin post", {}),
                ("admin pause", {}),
                ("admin resume", {}),
                ("admin status", {}),
                ("admin rescore", {"day": day, "right": wrong}),
                ("admin void", {"day": day, "reason": "r"}),
                ("admin credit", {"day": day, "reason": "r", "member": server.bob}),
            ]
            for command, options in commands:
                answer = await forge_command(server.ada, command, **options)
                assert answer.ephemeral, command
                assert NOT_ALLOWED in answer.text, command
            forged = [
                "dw:begin",
                "dw:panel-change",
                "dw:panel-more",
                "dw:panel-test",
                "dw:panel-switch:1:pin",
                button_named(dry.message, "rescore"),
            ]
            for custom_id in forged:
                answer = await forge(server.ada, post, custom_id)
                assert answer.ephemeral, custom_id
                assert NOT_ALLOWED in answer.text, custom_id
            four = {"time": "10:00", "zone": "UTC", "level": ["hard"], "channel": [str(server.owner.home.id)]}
            forms: list[tuple[str, dict[str, Any]]] = [
                ("dw:setup", four),
                ("dw:panel-changed", four),
                ("dw:panel-further", {"days": ["1"], "dates": ""}),
            ]
            opener = await server.ada.slash("help")
            for custom_id, fields in forms:
                answer = await forge_form(server.ada, opener, custom_id, fields)
                assert answer.ephemeral, custom_id
                assert NOT_ALLOWED in answer.text, custom_id
            assert (await daily_of(bot, server), await posts_of(bot, server)) == before

    story(tmp_path, tell)


@pytest.mark.parametrize(
    "custom_id",
    [
        "dw:panel-switch:1:owner",
        "dw:panel-switch:7:pin",
        "dw:panel-switch",
        "dw:rescore",
        "dw:rescore:999:B-000000000000",
        "dw:rescore:99999999999999999999:B-0",
        "dw:nothing:1",
        "something else",
    ],
)
def test_what_an_owner_forges_is_answered_and_changes_nothing(tmp_path: Path, custom_id: str) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post = await server.set_up()
            before = await daily_of(bot, server)
            answer = await forge(server.owner, post, custom_id)
            assert answer.ephemeral
            assert STALE in answer.text
            assert await daily_of(bot, server) == before

    story(tmp_path, tell)


def test_a_forged_form_of_an_owner_keeps_the_settings_whole(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            before = await daily_of(bot, server)
            forms: list[tuple[str, dict[str, Any]]] = [
                ("dw:panel-further", {"days": ["9"], "dates": "x" * 500}),
                ("dw:panel-further", {}),
                ("dw:panel-changed", {"channel": ["12"], "time": "9", "zone": "UTC", "level": ["medium"]}),
                ("dw:panel-changed", {"level": ["impossible"], "time": "09:00"}),
            ]
            opener = await server.owner.slash("help")
            for custom_id, fields in forms:
                answer = await forge_form(server.owner, opener, custom_id, fields)
                assert answer.ephemeral
                assert "Nothing was saved" in answer.text
            assert await daily_of(bot, server) == before

    story(tmp_path, tell)


def test_panel_and_forms_from_before_a_restart_still_work(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            await server.set_up()
            panel = (await server.owner.slash("settings")).message
            form = await server.owner.click(panel, "More")
        async with server.bot() as bot:
            saved = await server.owner.submit(form, {"days": ["2"], "dates": "2031-05-01"})
            assert saved.message.id == panel.id
            assert "Wednesday" in words_of(saved.message)
            turned = await server.owner.click(panel, "Pin: off")
            assert turned.message.id == panel.id
            assert (await daily_of(bot, server)).pin

    story(tmp_path, tell)


def test_open_questions_come_once_they_are_switched_on(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            panel = (await server.owner.slash("settings")).message
            turned = await server.owner.click(panel, "Open questions: off")
            assert (await daily_of(bot, server)).open_questions
            assert "Open questions: on" in [button["label"] for button in buttons_of(turned.message)]

    story(tmp_path, tell)


def test_every_action_of_owners_asks_for_the_permission_in_one_place() -> None:
    from deckwright_bot.cogs import correcting, settings, setup

    owners = {*setup.FOR_MANAGERS, *settings.FOR_MANAGERS, *correcting.FOR_MANAGERS}
    checked = {name for name, handler in HANDLERS.items() if handler.__qualname__.startswith("for_managers")}

    assert checked == owners
