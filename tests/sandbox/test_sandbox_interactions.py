"""Interactions of every type, answered by the real discord.py."""

from __future__ import annotations

import asyncio
import io
import re
from typing import Any

import discord
import pytest
from discord import app_commands, ui

from deckwright_bot.sandbox import DriverError, Permission, text_of
from deckwright_bot.sandbox.interaction import Callback

from .world import Client, World, eventually, refused, run, world

Interaction = discord.Interaction[Any]


class AnswerButton(ui.DynamicItem[ui.Button[ui.View]], template=r"answer:(?P<post>\d+):(?P<letter>[A-D])"):
    """A button that survives a restart."""

    def __init__(self, post: int, letter: str) -> None:
        super().__init__(ui.Button(label=letter, custom_id=f"answer:{post}:{letter}"))
        self.post, self.letter = post, letter

    @classmethod
    async def from_custom_id(cls, _: Interaction, __: ui.Item[Any], match: re.Match[str]) -> AnswerButton:
        return cls(int(match["post"]), match["letter"])

    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.send_message(f"saved {self.letter}", ephemeral=True)


class Note(ui.Modal, title="Your answer"):
    words: ui.TextInput[Any] = ui.TextInput(label="Words", max_length=20)

    async def on_submit(self, interaction: Interaction) -> None:
        await interaction.response.send_message(f"you wrote {self.words.value}", ephemeral=True)


class Survey(ui.Modal, title="Survey"):
    level: ui.Label[Any] = ui.Label(
        text="Level",
        component=ui.Select(options=[discord.SelectOption(label="Low"), discord.SelectOption(label="High")]),
    )
    words: ui.Label[Any] = ui.Label(text="Words", component=ui.TextInput(required=False))

    async def on_submit(self, interaction: Interaction) -> None:
        assert isinstance(self.level.component, ui.Select)
        await interaction.response.send_message(f"level {self.level.component.values[0]}")


class Board(ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.count = 0

    @ui.button(label="Again", custom_id="board:again")
    async def again(self, interaction: Interaction, button: ui.Button[Any]) -> None:
        self.count += 1
        button.label = f"Again {self.count}"
        await interaction.response.edit_message(content=f"seen {self.count}", view=self)

    @ui.button(label="Later", custom_id="board:later")
    async def later(self, interaction: Interaction, _: ui.Button[Any]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="later")

    @ui.button(label="Write", custom_id="board:write")
    async def write(self, interaction: Interaction, _: ui.Button[Any]) -> None:
        await interaction.response.send_modal(Note())

    @ui.select(
        placeholder="Topic", custom_id="board:topic", options=[discord.SelectOption(label="NLP", value="nlp")]
    )
    async def topic(self, interaction: Interaction, select: ui.Select[Any]) -> None:
        await interaction.response.send_message(f"topic {select.values[0]}", ephemeral=True)

    @ui.select(cls=ui.ChannelSelect, placeholder="Where", custom_id="board:where")
    async def where(self, interaction: Interaction, select: ui.ChannelSelect[Any]) -> None:
        await interaction.response.send_message(f"where {select.values[0].name}", ephemeral=True)


def bot() -> Client:
    """A bot with one of everything."""
    client = Client()
    tree = client.tree

    @tree.command(description="Answers at once")
    async def ping(interaction: Interaction) -> None:
        response = await interaction.response.send_message("pong", ephemeral=True)
        assert response.message_id is not None

    @tree.command(description="Answers to everybody")
    @app_commands.describe(text="what to say")
    async def say(interaction: Interaction, text: str, times: app_commands.Range[int, 1, 3] = 1) -> None:
        await interaction.response.send_message(" ".join([text] * times))

    @tree.command(description="Thinks first")
    async def think(interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await asyncio.sleep(0.05)
        await interaction.followup.send("thought", ephemeral=True)
        await interaction.followup.send(
            "and a file", file=discord.File(io.BytesIO(b"1,2\n"), "board.csv"), ephemeral=True
        )

    @tree.command(description="Acknowledges twice")
    async def twice(interaction: Interaction) -> None:
        other = discord.InteractionResponse(interaction)
        await interaction.response.send_message("first")
        await refused(other.send_message("second"), 40060, 400)

    @tree.command(description="Shows the board")
    async def board(interaction: Interaction) -> None:
        await interaction.response.send_message("board", view=Board())

    @tree.command(description="Asks a question")
    async def question(interaction: Interaction) -> None:
        view = ui.View(timeout=None)
        for letter in "ABCD":
            view.add_item(AnswerButton(7, letter))
        await interaction.response.send_message("question", view=view)

    @tree.command(description="Opens a survey")
    async def survey(interaction: Interaction) -> None:
        await interaction.response.send_modal(Survey())

    @tree.command(description="Needs a right")
    @app_commands.default_permissions(manage_guild=True)
    async def settings(interaction: Interaction) -> None:
        await interaction.response.send_message(str(interaction.permissions.manage_guild), ephemeral=True)

    quiz = app_commands.Group(name="quiz", description="Quizzes")

    @quiz.command(name="start", description="Starts one")
    async def start(
        interaction: Interaction,
        topic: str,
        who: discord.Member | None = None,
        where: discord.TextChannel | None = None,
    ) -> None:
        await interaction.response.send_message(f"{topic} {who and who.name} {where and where.name}")

    @start.autocomplete("topic")
    async def suggest(_: Interaction, current: str) -> list[app_commands.Choice[str]]:
        topics = ("nlp", "vision", "numbers")
        return [app_commands.Choice(name=one.upper(), value=one) for one in topics if one.startswith(current)]

    tree.add_command(quiz)

    @tree.context_menu(name="Report")
    async def report(interaction: Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"reported {message.id}", ephemeral=True)

    client.add_dynamic_items(AnswerButton)
    client.add_view(Board())
    return client


def test_an_ephemeral_answer_is_for_its_member_only() -> None:
    async def work() -> None:
        async with world() as w, w.running(bot()):
            outcome = await w.member.slash("ping")
            assert outcome.text == "pong"
            assert outcome.ephemeral
            assert outcome.message in w.member.sees()
            assert outcome.message not in w.owner.sees()

    run(work())


def test_options_reach_the_bot_and_are_checked_as_the_client_would() -> None:
    async def work() -> None:
        async with world() as w, w.running(bot()):
            assert (await w.member.slash("say", text="ho", times=3)).text == "ho ho ho"
            assert not (await w.member.slash("say", text="ho")).ephemeral
            started = await w.member.slash("quiz start", topic="nlp", who=w.owner, where=w.channel)
            assert started.text == "nlp Olga general"
            for wrong in ({"text": "ho", "times": 4}, {}, {"text": "ho", "loud": True}):
                with pytest.raises(DriverError):
                    await w.member.slash("say", **wrong)  # type: ignore[arg-type]
            with pytest.raises(DriverError, match="subcommands"):
                await w.member.slash("quiz")

    run(work())


def test_autocomplete_suggests_while_typing() -> None:
    async def work() -> None:
        async with world() as w, w.running(bot()):
            found = await w.member.autocomplete("quiz start", "topic", "n")
            assert [one["value"] for one in found] == ["nlp", "numbers"]

    run(work())


def test_a_deferral_is_resolved_by_the_first_follow_up() -> None:
    async def work() -> None:
        async with world() as w, w.running(bot()):
            outcome = await w.member.slash("think")
            assert outcome.callback is Callback.DEFERRED_MESSAGE
            assert outcome.message.content == "thought"
            assert outcome.ephemeral
            await w.sandbox.until(lambda: len(outcome.follow_ups) == 1)
            assert outcome.follow_ups[0].attachments[0].content == b"1,2\n"
            assert outcome.follow_ups[0].visible_to == w.member.user.id

    run(work())


def test_the_second_acknowledgement_is_refused() -> None:
    async def work() -> None:
        async with world() as w, w.running(bot()):
            assert (await w.member.slash("twice")).text == "first"

    run(work())


def test_a_button_edits_its_message_at_once_or_after_a_deferral() -> None:
    async def work() -> None:
        async with world() as w, w.running(bot()):
            message = (await w.member.slash("board")).message
            await w.member.click(message, "Again")
            outcome = await w.owner.click(message, "board:again")
            assert outcome.callback is Callback.UPDATE
            assert message.content == "seen 2"
            assert "Again 2" in text_of(message)
            await w.member.click(message, "Later")
            assert message.content == "later"
            with pytest.raises(DriverError, match="there is no button"):
                await w.member.click(message, "Never")

    run(work())


def test_selects_give_values_and_things() -> None:
    async def work() -> None:
        async with world() as w, w.running(bot()):
            message = (await w.member.slash("board")).message
            assert (await w.member.select(message, ["NLP"], "Topic")).text == "topic nlp"
            assert (await w.member.select(message, [w.channel], "board:where")).text == "where general"

    run(work())


def test_a_form_opens_from_a_button_and_is_sent_back() -> None:
    async def work() -> None:
        async with world() as w, w.running(bot()):
            message = (await w.member.slash("board")).message
            opened = await w.member.click(message, "Write")
            assert opened.modal["title"] == "Your answer"
            with pytest.raises(DriverError, match="21 characters"):
                await w.member.submit(opened, {"Words": "x" * 21})
            sent = await w.member.submit(opened, {"Words": "forty-two"})
            assert sent.text == "you wrote forty-two"
            assert sent.ephemeral

    run(work())


def test_a_form_with_labels_and_a_select() -> None:
    async def work() -> None:
        async with world() as w, w.running(bot()):
            opened = await w.member.slash("survey")
            assert (await w.member.submit(opened, {"Level": "High"})).text == "level High"

    run(work())


def test_a_dynamic_item_answers_after_a_restart() -> None:
    async def work() -> None:
        async with world() as w:
            async with w.running(bot()):
                message = (await w.member.slash("question")).message
            async with w.running(bot(), sync=False):
                assert (await w.member.click(message, "C")).text == "saved C"

    run(work())


def test_a_menu_entry_gets_its_message() -> None:
    async def work() -> None:
        async with world() as w, w.running(bot()):
            message = w.owner.say("hello")
            assert (await w.member.menu("Report", message)).text == f"reported {message.id}"

    run(work())


def test_a_command_with_a_needed_permission_is_offered_to_those_who_have_it() -> None:
    async def work() -> None:
        async with world() as w, w.running(bot()):
            assert (await w.owner.slash("settings")).text == "True"
            with pytest.raises(DriverError, match="no command /settings"):
                await w.member.slash("settings")

    run(work())


def test_commands_work_in_direct_messages_too() -> None:
    async def work() -> None:
        async with world() as w, w.running(bot()):
            assert (await w.member.slash("ping", at=w.member.dm)).text == "pong"
            message = (await w.member.slash("board", at=w.member.dm)).message
            await w.member.click(message, "Again")
            assert message.content == "seen 1"

    run(work())


def test_interaction_answers_need_no_channel_permission_but_messages_do() -> None:
    client = bot()

    @client.tree.command(description="Posts")
    async def post(interaction: Interaction) -> None:
        assert isinstance(interaction.channel, discord.TextChannel)
        assert not interaction.app_permissions.send_messages
        await refused(interaction.channel.send("no"), 50013, 403)
        await interaction.response.send_message("yes")

    async def work() -> None:
        async with world() as w, w.running(client):
            w.owner.set_permissions(w.channel, deny=Permission.SEND_MESSAGES)
            assert (await w.member.slash("post")).text == "yes"

    run(work())


def test_three_seconds_are_all_there_is_for_the_first_answer() -> None:
    client = bot()
    seen: list[int] = []

    @client.tree.command(description="Too slow")
    async def slow(interaction: Interaction) -> None:
        w.clock.advance(4)
        await refused(interaction.response.send_message("late"), 10062, 404)
        seen.append(interaction.id)

    w: World

    async def work() -> None:
        nonlocal w
        async with world() as w, w.running(client):
            outcome = await w.member.slash("slow")
            assert outcome.failed
            assert len(seen) == 1

    run(work())


def test_a_token_ends_after_fifteen_minutes() -> None:
    client = bot()
    kept: list[Interaction] = []

    @client.tree.command(description="Keeps its token")
    async def keep(interaction: Interaction) -> None:
        kept.append(interaction)
        await interaction.response.send_message("kept")

    async def work() -> None:
        async with world() as w, w.running(client):
            await w.member.slash("keep")
            w.clock.advance(14 * 60)
            await kept[0].followup.send("still")
            await kept[0].edit_original_response(content="edited")
            assert (await kept[0].original_response()).content == "edited"
            w.clock.advance(61)
            await refused(kept[0].followup.send("gone"), 50027, 401)

    run(work())


def test_a_follow_up_before_the_first_answer_is_refused() -> None:
    client = bot()

    @client.tree.command(description="Hasty")
    async def hasty(interaction: Interaction) -> None:
        await refused(interaction.followup.send("too early"), 10015, 404)
        await interaction.response.send_message("now")

    async def work() -> None:
        async with world() as w, w.running(client):
            assert (await w.member.slash("hasty")).text == "now"

    run(work())


def test_the_answer_of_a_bot_without_a_handler_is_a_failure_after_three_seconds() -> None:
    async def work() -> None:
        async with world() as w:
            async with w.running(bot()):
                message = (await w.member.slash("board")).message
            async with w.running(Client(), sync=False):
                assert (await w.member.click(message, "Again")).failed

    run(work())


def test_a_lost_answer_to_an_acknowledgement_ends_in_40060() -> None:
    """The webhook adapter repeats what failed with 500, and the second one is one too many."""
    client = bot()
    codes: list[int] = []

    @client.tree.command(description="Unlucky")
    async def unlucky(interaction: Interaction) -> None:
        error = await refused(interaction.response.send_message("said"), 40060, 400)
        codes.append(error.code)

    async def work() -> None:
        async with world() as w, w.running(client):
            w.sandbox.faults.server_error("/callback", done=True)
            assert (await w.member.slash("unlucky")).text == "said"
            await eventually(lambda: codes == [40060])

    run(work())


def test_a_file_travels_with_a_command() -> None:
    client = bot()

    @client.tree.command(name="import", description="Reads a file")
    async def read(interaction: Interaction, file: discord.Attachment) -> None:
        await interaction.response.send_message((await file.read()).decode(), ephemeral=True)

    async def work() -> None:
        async with world() as w, w.running(client):
            assert (await w.member.slash("import", file=("a.csv", b"1,2"))).text == "1,2"

    run(work())


def test_where_the_bot_is_only_installed_for_a_user_five_follow_ups_are_allowed() -> None:
    client = bot()

    @client.tree.command(description="Talks")
    @app_commands.allowed_installs(guilds=True, users=True)
    async def talk(interaction: Interaction) -> None:
        assert interaction.is_user_integration()
        await interaction.response.send_message("0", ephemeral=True)
        for number in range(5):
            await interaction.followup.send(f"{number + 1}", ephemeral=True)
        await refused(interaction.followup.send("6"), 40094, 400)

    async def work() -> None:
        async with world() as w, w.running(client):
            elsewhere = w.sandbox.owner("Otto", "No bot here")
            outcome = await elsewhere.slash("talk")
            await eventually(lambda: len(outcome.follow_ups) == 5)

    run(work())


def test_an_ephemeral_message_is_edited_in_place_and_unreachable_through_its_channel() -> None:
    client = bot()

    @client.tree.command(description="Private board")
    async def mine(interaction: Interaction) -> None:
        await interaction.response.send_message("mine", view=Board(), ephemeral=True)
        message = await interaction.original_response()
        assert isinstance(interaction.channel, discord.TextChannel)
        await refused(interaction.channel.fetch_message(message.id), 10008, 404)

    async def work() -> None:
        async with world() as w, w.running(client):
            message = (await w.member.slash("mine")).message
            await w.member.click(message, "Again")
            assert message.content == "seen 1"
            with pytest.raises(DriverError, match="does not see"):
                await w.owner.click(message, "Again")
            assert "MESSAGE_CREATE" not in client.heard

    run(work())


def test_a_disabled_button_and_a_deleted_message_cannot_be_clicked() -> None:
    client = bot()

    @client.tree.command(description="Closed")
    async def closed(interaction: Interaction) -> None:
        view = ui.View(timeout=None).add_item(ui.Button(label="Shut", custom_id="shut", disabled=True))
        await interaction.response.send_message("closed", view=view)

    async def work() -> None:
        async with world() as w, w.running(client):
            message = (await w.member.slash("closed")).message
            with pytest.raises(DriverError, match="cannot be pressed"):
                await w.member.click(message, "Shut")
            w.owner.delete_message(message)
            with pytest.raises(DriverError, match="gone"):
                await w.member.click(message, "Shut")

    run(work())


def test_limits_hold_for_answers_forms_and_suggestions() -> None:
    client = bot()

    @client.tree.command(description="Too much")
    async def much(interaction: Interaction, word: str) -> None:
        await refused(interaction.response.send_message("x" * 2001), 50035, 400)
        wide = ui.Modal(title="x" * 45)
        wide.title = "x" * 46
        wide.add_item(ui.TextInput(label="x"))
        await refused(interaction.response.send_modal(wide), 50035, 400)
        await interaction.response.send_message(word)

    @much.autocomplete("word")
    async def suggest(interaction: Interaction, _: str) -> list[app_commands.Choice[str]]:
        many = [app_commands.Choice(name=f"{n}", value=f"{n}") for n in range(26)]
        await refused(interaction.response.autocomplete(many), 50035, 400)
        return many[:25]

    async def work() -> None:
        async with world() as w, w.running(client):
            assert (await w.member.slash("much", word="enough")).text == "enough"
            w.expect("limit", "2000 or fewer")
            assert len(await w.member.autocomplete("much", "word", "")) == 25
            w.expect("limit", "choices")

    run(work())
