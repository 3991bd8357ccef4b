"""The world: who and what there is, and every way in which it changes. Each change is an event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from deckwright_bot.sandbox import events, permissions
from deckwright_bot.sandbox.clock import Clock
from deckwright_bot.sandbox.errors import unknown
from deckwright_bot.sandbox.events import Hub
from deckwright_bot.sandbox.model import (
    THREADS,
    Channel,
    ChannelType,
    Guild,
    GuildMember,
    Message,
    Overwrite,
    Role,
    ThreadState,
    User,
)
from deckwright_bot.sandbox.permissions import Permission
from deckwright_bot.sandbox.snowflake import Snowflakes


class World:
    """All guilds, users and channels, with the bot's own account in the middle."""

    def __init__(self, clock: Clock, ids: Snowflakes, hub: Hub, bot_name: str) -> None:
        self.clock = clock
        self.ids = ids
        self.hub = hub
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.bot = self.add_user(bot_name, bot=True)
        self.developer = self.add_user("developer")

    # -- looking up ---------------------------------------------------------------------------

    def user(self, user_id: int) -> User:
        """The user, or 404."""
        if found := self.users.get(user_id):
            return found
        raise unknown("User")

    def guild(self, guild_id: int) -> Guild:
        """The guild, or 404."""
        if found := self.guilds.get(guild_id):
            return found
        raise unknown("Guild")

    def channel(self, channel_id: int) -> Channel:
        """The channel or thread, or 404."""
        if found := self.channels.get(channel_id):
            return found
        raise unknown("Channel")

    def message(self, channel: Channel, message_id: int) -> Message:
        """The message, or 404."""
        if found := channel.messages.get(message_id):
            return found
        raise unknown("Message")

    def member(self, guild: Guild, user_id: int) -> GuildMember:
        """The membership, or 404."""
        if found := guild.members.get(user_id):
            return found
        raise unknown("Member")

    def bot_guilds(self) -> list[Guild]:
        """The guilds the bot is in."""
        return [guild for guild in self.guilds.values() if self.bot.id in guild.members]

    def direct_channel(self, user_id: int) -> Channel:
        """The direct-message channel between the bot and a user; made at the first call."""
        for channel in self.channels.values():
            if channel.type is ChannelType.DM and channel.recipient_id == user_id:
                return channel
        channel = Channel(self.ids.new(), ChannelType.DM, "", recipient_id=user_id)
        self.channels[channel.id] = channel
        return channel

    def shares_guild(self, user_id: int) -> bool:
        """Is there a guild with both this user and the bot?"""
        return any(user_id in guild.members for guild in self.bot_guilds())

    def guild_permissions(self, guild: Guild, user_id: int) -> Permission:
        """What a member may do in the guild at large."""
        member = self.member(guild, user_id)
        held = (guild.roles[role].permissions for role in member.roles if role in guild.roles)
        return permissions.in_guild(guild.roles[guild.id].permissions, held, owner=guild.owner_id == user_id)

    def permissions_in(self, channel: Channel, user_id: int) -> Permission:
        """What a user may do in a channel; a thread follows its parent, no membership means nothing."""
        if channel.guild_id is None:
            return permissions.DIRECT_MESSAGE
        guild = self.guild(channel.guild_id)
        if user_id not in guild.members:
            return permissions.NONE
        ruling = self.channel(channel.parent_id) if channel.thread and channel.parent_id else channel
        total = permissions.in_channel(
            self.guild_permissions(guild, user_id),
            ruling.overwrites.values(),
            guild_id=guild.id,
            user_id=user_id,
            role_ids=guild.members[user_id].roles,
            thread=channel.thread is not None,
        )
        until = guild.members[user_id].timed_out_until
        if until is not None and until > self.clock.now() and Permission.ADMINISTRATOR not in total:
            total &= permissions.TIMED_OUT
        private = channel.type is ChannelType.PRIVATE_THREAD and Permission.MANAGE_THREADS not in total
        if private and channel.thread and user_id not in channel.thread.members:
            return permissions.NONE
        return total

    def can_see(self, user_id: int, channel: Channel) -> bool:
        """May this user see the channel?"""
        if channel.type is ChannelType.DM:
            return user_id in (channel.recipient_id, self.bot.id)
        return Permission.VIEW_CHANNEL in self.permissions_in(channel, user_id)

    # -- people and guilds --------------------------------------------------------------------

    def add_user(self, name: str, *, bot: bool = False, locale: str = "en-US") -> User:
        """A new account."""
        user = User(self.ids.new(), name, bot=bot, locale=locale)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, owner: User, *, locale: str = "en-US") -> Guild:
        """A new guild with its owner and a channel ``general``; the bot is not in it yet."""
        guild = Guild(self.ids.new(), name, owner.id, locale)
        guild.roles[guild.id] = Role(guild.id, "@everyone", permissions.EVERYONE)
        self.guilds[guild.id] = guild
        self.add_member(guild, owner)
        self.add_channel(guild, "general")
        return guild

    def add_member(self, guild: Guild, user: User, roles: Iterable[Role] = ()) -> GuildMember:
        """A user joins."""
        held = {role.id for role in roles}
        member = GuildMember(user, guild.id, self.clock.now(), held)
        guild.members[user.id] = member
        if user is self.bot:
            self.hub.emit(events.BotJoined(guild))
        else:
            self.hub.emit(events.MemberJoined(guild, member))
        return member

    def remove_member(self, guild: Guild, user_id: int) -> None:
        """A member leaves or is removed; with the bot its managed role goes too."""
        member = self.member(guild, user_id)
        del guild.members[user_id]
        if user_id == self.bot.id:
            for role_id in [role.id for role in guild.roles.values() if role.managed]:
                del guild.roles[role_id]
            self.hub.emit(events.BotLeft(guild))
        else:
            self.hub.emit(events.MemberLeft(guild, member))

    def add_bot(self, guild: Guild, granted: Permission) -> GuildMember:
        """The owner invites the bot with these permissions."""
        role = Role(self.ids.new(), self.bot.name, granted, position=1, managed=True)
        guild.roles[role.id] = role
        return self.add_member(guild, self.bot, [role])

    def add_role(self, guild: Guild, name: str, granted: Permission, *, mentionable: bool = False) -> Role:
        """A new role, on top."""
        role = Role(self.ids.new(), name, granted, len(guild.roles), mentionable)
        guild.roles[role.id] = role
        self.hub.emit(events.RoleChanged(guild, role, created=True))
        return role

    def remove_role(self, guild: Guild, role: Role) -> None:
        """Delete a role; nobody has it any more, and no channel rules over it."""
        del guild.roles[role.id]
        for member in guild.members.values():
            member.roles.discard(role.id)
        for channel in guild.channels.values():
            channel.overwrites.pop(role.id, None)
        self.hub.emit(events.RoleDeleted(guild, role))

    def set_outage(self, guild: Guild, *, down: bool) -> None:
        """Discord loses a guild for a while, or finds it again."""
        guild.unavailable = down
        if down:
            self.hub.emit(events.BotLeft(guild, outage=True))
        else:
            self.hub.emit(events.BotJoined(guild, after_outage=True))

    # -- channels -----------------------------------------------------------------------------

    def add_channel(
        self, guild: Guild, name: str, kind: ChannelType = ChannelType.TEXT, parent_id: int | None = None
    ) -> Channel:
        """A new channel at the end of the list."""
        channel = Channel(self.ids.new(), kind, name, guild.id, parent_id, len(guild.channels))
        self._keep(guild, channel)
        return channel

    def add_thread(
        self, parent: Channel, name: str, owner_id: int, kind: ChannelType, thread_id: int | None = None
    ) -> Channel:
        """A new thread below ``parent``; one that starts from a message has the message's id."""
        now = self.clock.now()
        thread = ThreadState(owner_id, now, now, members={owner_id: now})
        channel = Channel(thread_id or self.ids.new(), kind, name, parent.guild_id, parent.id, thread=thread)
        self._keep(self.guild(parent.guild_id or 0), channel)
        return channel

    def _keep(self, guild: Guild, channel: Channel) -> None:
        guild.channels[channel.id] = channel
        self.channels[channel.id] = channel
        self.hub.emit(events.ChannelCreated(channel))

    def remove_channel(self, channel: Channel) -> None:
        """Delete a channel with its threads, or close a direct-message channel."""
        for thread in [other for other in self.channels.values() if other.parent_id == channel.id]:
            if thread.type in THREADS:
                self.remove_channel(thread)
        del self.channels[channel.id]
        if channel.guild_id is not None:
            self.guild(channel.guild_id).channels.pop(channel.id, None)
        self.hub.emit(events.ChannelDeleted(channel))

    def set_overwrite(self, channel: Channel, rule: Overwrite) -> None:
        """Set what a channel allows or denies to a role or member; an empty rule removes it."""
        if rule.allow or rule.deny:
            channel.overwrites[rule.target_id] = replace(rule, deny=rule.deny & ~rule.allow)
        else:
            channel.overwrites.pop(rule.target_id, None)
        self.hub.emit(events.ChannelEdited(channel))
