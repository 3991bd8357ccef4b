"""Permissions as Discord computes them: roles, then overwrites, then what follows from a missing one."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntFlag
from typing import Protocol


class Permission(IntFlag):
    """Discord's permission bits, as far as the sandbox acts on them."""

    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CHANGE_NICKNAME = 1 << 26
    MANAGE_NICKNAMES = 1 << 27
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40
    SEND_POLLS = 1 << 49
    USE_EXTERNAL_APPS = 1 << 50
    PIN_MESSAGES = 1 << 51


NONE = Permission(0)
ALL = Permission((1 << 53) - 1)
EVERYONE = (
    Permission.CREATE_INSTANT_INVITE
    | Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.CHANGE_NICKNAME
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.CREATE_PRIVATE_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.SEND_POLLS
    | Permission.USE_EXTERNAL_APPS
)
DIRECT_MESSAGE = EVERYONE & ~Permission.CREATE_INSTANT_INVITE | Permission.PIN_MESSAGES
TIMED_OUT = Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY
NEEDS_SEND = (
    Permission.MENTION_EVERYONE
    | Permission.SEND_TTS_MESSAGES
    | Permission.ATTACH_FILES
    | Permission.EMBED_LINKS
)


class Rule(Protocol):
    """An overwrite, as far as the arithmetic needs it."""

    @property
    def target_id(self) -> int:
        """The role or member it is about."""
        ...

    @property
    def allow(self) -> Permission:
        """What it gives."""
        ...

    @property
    def deny(self) -> Permission:
        """What it takes."""
        ...


def in_guild(everyone: Permission, roles: Iterable[Permission], *, owner: bool) -> Permission:
    """What a member may do in a guild before any channel has its say."""
    if owner:
        return ALL
    total = everyone
    for permissions in roles:
        total |= permissions
    return ALL if Permission.ADMINISTRATOR in total else total


def in_channel(
    base: Permission, rules: Iterable[Rule], *, guild_id: int, user_id: int, role_ids: set[int], thread: bool
) -> Permission:
    """Apply a channel's overwrites: @everyone first, all roles together, the member last."""
    if Permission.ADMINISTRATOR in base:
        return ALL
    by_target = {rule.target_id: rule for rule in rules}
    total = base
    if everyone := by_target.get(guild_id):
        total = total & ~everyone.deny | everyone.allow
    allow, deny = NONE, NONE
    for role_id in role_ids:
        if rule := by_target.get(role_id):
            allow |= rule.allow
            deny |= rule.deny
    total = total & ~deny | allow
    if own := by_target.get(user_id):
        total = total & ~own.deny | own.allow
    return implied(total, thread=thread)


def implied(total: Permission, *, thread: bool) -> Permission:
    """Take away what a missing permission takes away with it."""
    if Permission.VIEW_CHANNEL not in total:
        return NONE
    send = Permission.SEND_MESSAGES_IN_THREADS if thread else Permission.SEND_MESSAGES
    return total if send in total else total & ~NEEDS_SEND
