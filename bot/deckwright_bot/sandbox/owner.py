"""Owners: people for tests who invite the bot, make channels and take permissions away."""

from __future__ import annotations

from deckwright_bot.sandbox import events
from deckwright_bot.sandbox.driver import Member
from deckwright_bot.sandbox.model import Channel, ChannelType, Message, Overwrite, Role, User
from deckwright_bot.sandbox.permissions import EVERYONE, NONE, Permission

BOT_DEFAULT = (
    EVERYONE
    | Permission.MENTION_EVERYONE
    | Permission.PIN_MESSAGES
    | Permission.MANAGE_MESSAGES
    | Permission.MANAGE_THREADS
)


class Owner(Member):
    """The founder of a guild, who may do anything in it."""

    def invite_bot(self, permissions: Permission = BOT_DEFAULT) -> None:
        """Add the bot with these permissions."""
        self.core.world.add_bot(self.guild, permissions)

    def kick_bot(self) -> None:
        """Remove the bot."""
        self.core.world.remove_member(self.guild, self.core.world.bot.id)

    def add_member(self, who: str | User, *roles: Role) -> Member:
        """Let somebody join: a new person by name, or one who is in another guild already."""
        user = self.core.world.add_user(who) if isinstance(who, str) else who
        self.core.world.add_member(self.guild, user, roles)
        return Member(self.core, user, self.guild)

    def create_channel(self, name: str, kind: ChannelType = ChannelType.TEXT) -> Channel:
        """Make a channel."""
        return self.core.world.add_channel(self.guild, name, kind)

    def delete_channel(self, channel: Channel) -> None:
        """Delete a channel or thread."""
        self.core.world.remove_channel(channel)

    def delete_message(self, message: Message) -> None:
        """Delete any message."""
        self.core.messages.delete(message)

    def create_role(self, name: str, permissions: Permission = NONE, *, mentionable: bool = False) -> Role:
        """Make a role."""
        return self.core.world.add_role(self.guild, name, permissions, mentionable=mentionable)

    def delete_role(self, role: Role) -> None:
        """Delete a role."""
        self.core.world.remove_role(self.guild, role)

    def give_role(self, who: Member, role: Role) -> None:
        """Give somebody a role."""
        member = self.guild.members[who.user.id]
        member.roles.add(role.id)
        self.core.hub.emit(events.MemberEdited(self.guild, member))

    def set_permissions(
        self,
        channel: Channel,
        target: Member | Role | User | None = None,
        *,
        allow: Permission = NONE,
        deny: Permission = NONE,
    ) -> None:
        """Allow or deny something in a channel to a role or person; without a target to the bot."""
        if isinstance(target, Role):
            rule = Overwrite(target.id, is_member=False, allow=allow, deny=deny)
        else:
            user = target.user if isinstance(target, Member) else target or self.core.world.bot
            rule = Overwrite(user.id, is_member=True, allow=allow, deny=deny)
        self.core.world.set_overwrite(channel, rule)

    @property
    def everyone(self) -> Role:
        """The role that all members have."""
        return self.guild.roles[self.guild.id]

    def set_outage(self, *, down: bool) -> None:
        """Let Discord lose the guild for a while, or find it again."""
        self.core.world.set_outage(self.guild, down=down)
