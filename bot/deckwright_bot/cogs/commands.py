"""The slash commands: arguments in, a service called, a view out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import discord
from discord import app_commands

from deckwright.study.dates import zone_choices
from deckwright.study.posting import State
from deckwright.study.ranking import Period
from deckwright_bot.cogs.components import as_file, show_result
from deckwright_bot.cogs.context import Context, locale_of, member_name, name_of, say
from deckwright_bot.cogs.setup import apply, ask_setup, may_manage
from deckwright_bot.services.groups import Wish
from deckwright_bot.services.ports import Refused, Unavailable
from deckwright_bot.services.posts import today_of
from deckwright_bot.store.records import DAILY, Daily
from deckwright_bot.ui import messages, views
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.texts import text

LEVELS = [app_commands.Choice(name=name, value=name) for name in ("easy", "medium", "hard")]
PERIODS = [app_commands.Choice(name=period.value, value=period.value) for period in Period]
HERE = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)


def register(tree: app_commands.CommandTree[discord.Client], context: Context) -> None:
    """Put every command on the tree."""
    _members(tree, context)
    _privacy(tree, context)
    _owners(tree, context)
    tree.add_command(_admin(context))


def _members(tree: app_commands.CommandTree[discord.Client], context: Context) -> None:
    @tree.command(name="daily", description="Today's question, or your result")
    @app_commands.guild_only()
    async def daily(interaction: discord.Interaction) -> None:
        locale = locale_of(interaction)
        post = await context.services.posts.today(interaction.guild_id or 0, DAILY)
        if post is None:
            await say(interaction, text("error.no-post", locale))
            return
        result = await context.services.answers.result(post.id, post.group, interaction.user.id)
        if result.answer is None and post.state is State.SENT and result.snapshot is not None and post.closes:
            snapshot, closes = result.snapshot, post.closes
            shown = await context.draw(
                lambda: messages.post_message(context.renderer, snapshot, closes, None, locale)
            )
            view = views.question(post.id, snapshot, locale)
            await interaction.response.send_message(
                embeds=shown.embeds, files=shown.files(), view=view, ephemeral=True
            )
            return
        await show_result(context, interaction, result)

    streak = app_commands.Group(name="streak", description="Your streak", guild_only=True)

    @streak.command(name="show", description="Current, best, freezes, and a small calendar")
    async def streak_show(interaction: discord.Interaction) -> None:
        found = await context.services.standings.streak(interaction.guild_id or 0, interaction.user.id)
        embed = messages.streak_message(found, locale_of(interaction))
        await interaction.response.send_message(embed=embed, ephemeral=True)

    @streak.command(name="pause", description="Let your streak wait, from the next post on")
    @app_commands.describe(days="1 to 30 days")
    async def streak_pause(interaction: discord.Interaction, days: app_commands.Range[int, 1, 30]) -> None:
        locale = locale_of(interaction)
        made = await context.services.standings.pause(
            interaction.guild_id or 0, interaction.user.id, member_name(interaction), days, context.now()
        )
        if made is None:
            await say(interaction, text("error.no-post", locale))
        else:
            await say(interaction, text("streak.pause.done", locale, until=made.last.isoformat()))

    tree.add_command(streak)

    @tree.command(name="leaderboard", description="Week, month, all time; your own rank too")
    @app_commands.describe(period="Which period")
    @app_commands.choices(period=PERIODS)
    @app_commands.guild_only()
    async def leaderboard(interaction: discord.Interaction, period: str = "week") -> None:
        found = await context.services.standings.board(
            interaction.guild_id or 0, interaction.user.id, Period(period), context.now()
        )
        embed, page, count = messages.board_message(found, 1, locale_of(interaction))
        view = views.pages("board", period, page, count) or discord.utils.MISSING
        await interaction.response.send_message(embed=embed, view=view, ephemeral=True)

    @tree.command(name="help", description="What you can do here")
    async def help_(interaction: discord.Interaction) -> None:
        await say(interaction, text("help.text", locale_of(interaction)))


def _privacy(tree: app_commands.CommandTree[discord.Client], context: Context) -> None:
    privacy = app_commands.Group(name="privacy", description="What is kept about you")

    @privacy.command(name="show", description="How much is kept about you")
    async def show_(interaction: discord.Interaction) -> None:
        counts = await context.services.members.counts(interaction.user.id)
        words = ", ".join(f"{count} {name}" for name, count in counts.items()) or "0"
        await say(interaction, text("privacy.show", locale_of(interaction), counts=words))

    @privacy.command(name="export", description="Everything kept about you, as JSON")
    async def export(interaction: discord.Interaction) -> None:
        words = await context.services.members.export(interaction.user.id)
        await interaction.response.send_message(
            text("privacy.exported", locale_of(interaction)),
            file=as_file(words, "deckwright.json"),
            ephemeral=True,
        )

    @privacy.command(name="hide", description="Off every board, or back on")
    @app_commands.describe(hidden="False puts you back")
    @app_commands.guild_only()
    async def hide(interaction: discord.Interaction, *, hidden: bool = True) -> None:
        await context.services.members.hide(
            interaction.guild_id or 0,
            interaction.user.id,
            member_name(interaction),
            context.now(),
            hidden=hidden,
        )
        await say(
            interaction, text("privacy.hidden" if hidden else "privacy.visible", locale_of(interaction))
        )

    @privacy.command(name="delete", description="Delete everything kept about you")
    async def delete(interaction: discord.Interaction) -> None:
        locale = locale_of(interaction)
        button = views.one(ComponentId("forget"), text("privacy.delete.button", locale), danger=True)
        await say(interaction, text("privacy.delete.ask", locale), view=button)

    tree.add_command(privacy)


def _owners(tree: app_commands.CommandTree[discord.Client], context: Context) -> None:
    @tree.command(name="settings", description="Channel, time, time zone and level of the daily question")
    @app_commands.describe(
        channel="Where the question is posted",
        time="Such as 09:00",
        zone="A city, or a zone",
        level="How hard",
    )
    @app_commands.choices(level=LEVELS)
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def settings(
        interaction: discord.Interaction,
        channel: discord.TextChannel | None = None,
        time: str | None = None,
        zone: str | None = None,
        level: str | None = None,
    ) -> None:
        if not may_manage(interaction):
            await say(interaction, text("error.not-allowed", locale_of(interaction)))
            return
        wish = Wish(channel.id if channel is not None else None, time, zone, level)
        if wish == Wish():
            await ask_setup(context, interaction)
        else:
            await apply(context, interaction, wish)

    @settings.autocomplete("zone")
    async def zones(_interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        found = zone_choices(current, context.now(), 25)
        return [app_commands.Choice(name=each.label[:100], value=each.name) for each in found]


def _admin(context: Context) -> app_commands.Group:
    admin = app_commands.Group(
        name="admin",
        description="For those who manage this server",
        default_permissions=discord.Permissions(manage_guild=True),
        guild_only=True,
    )
    posts, groups = context.services.posts, context.services.groups

    async def settings_of(interaction: discord.Interaction) -> Daily | None:
        """The group's settings, or an answer that says why not."""
        locale = locale_of(interaction)
        if not may_manage(interaction):
            await say(interaction, text("error.not-allowed", locale))
            return None
        daily = await groups.daily(interaction.guild_id or 0)
        if daily is None:
            await say(interaction, text("admin.not-set-up", locale))
        return daily

    @admin.command(name="post", description="Post today's question now")
    async def post(interaction: discord.Interaction) -> None:
        daily = await settings_of(interaction)
        if daily is None:
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        locale = locale_of(interaction)
        try:
            made = await posts.post_now(daily, context.now())
        except (Refused, Unavailable):
            await say(interaction, text("error.database", locale))
            return
        key = (
            "admin.no-cards"
            if made.empty
            else "admin.posted"
            if made.post is not None
            else "admin.nothing-due"
        )
        await say(interaction, text(key, locale))

    @admin.command(name="pause", description="Stop posting until you resume")
    async def pause(interaction: discord.Interaction) -> None:
        if await settings_of(interaction) is not None:
            await groups.pause(interaction.guild_id or 0, interaction.user.id, context.now())
            await say(interaction, text("admin.paused", locale_of(interaction)))

    @admin.command(name="resume", description="Go on posting")
    async def resume(interaction: discord.Interaction) -> None:
        if await settings_of(interaction) is None:
            return
        daily = await groups.resume(interaction.guild_id or 0, interaction.user.id, context.now())
        if daily is not None:
            locale = locale_of(interaction)
            following = await posts.next_posts(daily, context.now())
            await say(interaction, text("admin.resumed", locale, times=messages.times(following, locale)))

    @admin.command(name="void", description="Take a post's points back; streaks are kept")
    @app_commands.describe(day="The post's date, such as 2026-11-21", reason="Why")
    async def void(interaction: discord.Interaction, day: str, reason: str) -> None:
        daily = await settings_of(interaction)
        if daily is None:
            return
        locale = locale_of(interaction)
        when = _date(day)
        done = None
        if when is not None:
            done = await posts.void(daily.group, daily.series, when, reason[:200], context.now())
        key = "admin.void" if done is not None else "admin.void.not"
        await say(interaction, text(key, locale, date=name_of(day)))

    @admin.command(name="credit", description="Credit a post to a member, for a fault of the bot")
    @app_commands.describe(member="Whom", day="The post's date, such as 2026-11-21", reason="What went wrong")
    async def credit(interaction: discord.Interaction, member: discord.Member, day: str, reason: str) -> None:
        daily = await settings_of(interaction)
        if daily is None:
            return
        locale, when = locale_of(interaction), _date(day)
        done = when is not None and await context.services.standings.credit(
            daily.group, member.id, when, reason[:200], interaction.user.id, context.now()
        )
        key = "admin.credited" if done else "admin.void.not"
        await say(interaction, text(key, locale, member=name_of(member.display_name), date=name_of(day)))

    @admin.command(name="status", description="How posting goes")
    async def status(interaction: discord.Interaction) -> None:
        daily = await settings_of(interaction)
        if daily is None:
            return
        locale = locale_of(interaction)
        following = await posts.next_posts(daily, context.now())
        await say(
            interaction,
            text(
                "admin.status",
                locale,
                state=daily.paused or "ok",
                channel=f"<#{daily.channel}>",
                time=daily.at.strftime("%H:%M"),
                zone=daily.zone,
                left=await posts.left(daily),
                times=messages.times(following, locale),
            ),
        )

    @admin.command(name="more", description="Days, decks, ping, thread, pin, log channel")
    @app_commands.describe(
        weekdays="Days with a post, such as mon-fri or mon,wed,fri",
        skip="A date without a post, such as 2026-12-24",
        ping="A role to mention on each post",
        thread="Open a thread under each post",
        pin="Pin each post",
        log="Where reports of faults go",
    )
    async def more(
        interaction: discord.Interaction,
        weekdays: str | None = None,
        skip: str | None = None,
        ping: discord.Role | None = None,
        thread: bool | None = None,  # noqa: FBT001  discord.py reads the signature
        pin: bool | None = None,  # noqa: FBT001
        log: discord.TextChannel | None = None,
    ) -> None:
        daily = await settings_of(interaction)
        if daily is None:
            return
        locale = locale_of(interaction)
        days = _weekdays(weekdays) if weekdays else daily.weekdays
        skipped = _date(skip) if skip else None
        if days is None or (skip and skipped is None):
            await say(interaction, text("setup.bad-time", locale, given=name_of(weekdays or skip or "")))
            return
        keep = frozenset(day for day in daily.skip_dates if day >= today_of(daily, context.now()))
        changed = replace(
            daily,
            weekdays=days,
            skip_dates=keep | {skipped} if skipped is not None else keep,
            ping_role=ping.id if ping is not None else daily.ping_role,
            thread=daily.thread if thread is None else thread,
            pin=daily.pin if pin is None else pin,
            log_channel=log.id if log is not None else daily.log_channel,
        )
        await groups.change(changed, interaction.user.id, context.now())
        following = await posts.next_posts(changed, context.now())
        await say(interaction, text("setup.changed", locale, times=messages.times(following, locale)))

    return admin


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _weekdays(words: str) -> frozenset[int] | None:
    """Days of the week as people write them: ``mon-fri``, ``mon, wed``."""
    found: set[int] = set()
    for part in words.lower().replace(" ", "").split(","):
        first, _, last = (each[:3] for each in part.partition("-"))
        if first not in _DAYS or (last and last not in _DAYS):
            return None
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(found)


def _date(words: str) -> date | None:
    try:
        return date.fromisoformat(words.strip())
    except ValueError:
        return None
