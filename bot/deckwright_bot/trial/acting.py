"""What a person does on the page, through the sandbox: it reaches the bot by the gateway and comes back by REST.

What Discord or its client would refuse is refused here, in the same words.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from deckwright_bot.sandbox.calls import (
    BOOLEAN,
    CHANNEL,
    CHECKBOX,
    INTEGER,
    NUMBER,
    RADIO,
    ROLE,
    USER,
    Field,
    Value,
)
from deckwright_bot.sandbox.component_limits import TEXT_INPUT, walk
from deckwright_bot.sandbox.driver import Member
from deckwright_bot.sandbox.errors import (
    ApiError,
    empty_message,
    missing_access,
    missing_permissions,
    unknown,
)
from deckwright_bot.sandbox.limits import Findings, check_message
from deckwright_bot.sandbox.model import Channel, ChannelType, Json, Message, MessageFlag
from deckwright_bot.sandbox.outcome import DriverError, Outcome
from deckwright_bot.sandbox.permissions import Permission
from deckwright_bot.trial import words
from deckwright_bot.trial.asking import (
    NotUnderstoodError,
    RefusedError,
    number_in,
    refusal,
    string,
    strings,
    texts,
)
from deckwright_bot.trial.browsing import for_browsers
from deckwright_bot.trial.group import TrialGroup
from deckwright_bot.trial.inputs import input_in, mistake, outside

FORMS_KEPT: Final = 40


@dataclass(frozen=True, slots=True)
class _Opened:
    """A form that was opened, and for whom."""

    outcome: Outcome
    member: int


class Acting:
    """Does what people ask for on the page."""

    def __init__(self, group: TrialGroup) -> None:
        self._group = group
        self._world = group.sandbox.core.world
        self._forms: OrderedDict[str, _Opened] = OrderedDict()
        self._does = {
            "click": self._click,
            "select": self._select,
            "submit": self._submit,
            "slash": self._slash,
            "suggest": self._suggest,
            "say": self._say,
        }

    async def act(self, member: Member, wanted: Json) -> Json:
        """Do one thing as a person; what came of it.

        Raises:
            RefusedError: what Discord would refuse.
            NotUnderstoodError: for what is no request of our page's.
        """
        does = self._does.get(string(wanted, "do"))
        if does is None:
            raise NotUnderstoodError
        try:
            return await does(member, wanted)
        except ApiError as error:
            raise RefusedError(refusal(error), error.code) from error

    # -- buttons and selects -----------------------------------------------------------------------

    async def _click(self, member: Member, wanted: Json) -> Json:
        message = self._message(member, wanted)
        try:
            outcome = await member.click(message, string(wanted, "component"))
        except DriverError as error:
            # The button went, or was switched off, while it was pressed.
            raise RefusedError(words.FAILED["component"]) from error
        return self._came_of(member, outcome, "component")

    async def _select(self, member: Member, wanted: Json) -> Json:
        message, name = self._message(member, wanted), string(wanted, "component")
        part = next((one for one in walk(message.components) if one.get("custom_id") == name), None)
        if part is None:
            raise RefusedError(words.FAILED["component"])
        values = [self._thing(part["type"], each) for each in strings(wanted, "values")]
        try:
            outcome = await member.select(message, values, name)
        except DriverError as error:
            raise RefusedError(words.FAILED["component"]) from error
        return self._came_of(member, outcome, "component")

    # -- forms -------------------------------------------------------------------------------------

    async def _submit(self, member: Member, wanted: Json) -> Json:
        opened = self._forms.get(string(wanted, "form"))
        if opened is None or opened.member != member.user.id:
            raise RefusedError(words.FAILED["form"])
        given = wanted.get("fields")
        if not isinstance(given, dict):
            raise NotUnderstoodError
        inputs = [each for each in map(input_in, opened.outcome.modal["components"]) if each is not None]
        wrong = {str(one["custom_id"]): found for one in inputs if (found := mistake(one, given))}
        if wrong:
            raise RefusedError("Invalid Form Body", 50035, wrong)
        fields: dict[str, Field] = {}
        for one in inputs:
            name = str(one["custom_id"])
            fields[name] = self._field(one, given.get(name))
        try:
            outcome = await member.submit(opened.outcome, fields)
        except DriverError as error:
            raise RefusedError(words.FAILED["form"]) from error
        return self._came_of(member, outcome, "form")

    def _field(self, one: Json, value: object) -> Field:
        if one["type"] == TEXT_INPUT:
            return str(value or "")
        if one["type"] == CHECKBOX:
            return value is True
        listed = [str(each) for each in value] if isinstance(value, list) else []
        if one["type"] == RADIO:
            return listed[0] if listed else None
        things: list[Value] = [self._thing(one["type"], each) for each in listed]
        return things

    def _thing(self, kind: int, value: str) -> Value:
        """What a select's value names: an option, or somebody or something of the server."""
        if kind not in (5, 6, 7, 8):
            return value
        number, guild = number_in(value), self._group.owner.guild
        if kind in (5, 7) and number in guild.members:
            return guild.members[number].user
        if kind in (6, 7) and number in guild.roles:
            return guild.roles[number]
        if kind == 8 and number in guild.channels:
            return guild.channels[number]
        raise RefusedError(words.NOT_OFFERED.format(values=""))

    # -- commands ----------------------------------------------------------------------------------

    async def _slash(self, member: Member, wanted: Json) -> Json:
        channel, name = self._channel(member, wanted), string(wanted, "command")
        described = self._options(member, channel, name)
        given = texts(wanted, "options")
        missing = {
            each: words.REQUIRED_OPTION
            for each, one in described.items()
            if one.get("required") and not given.get(each, "").strip()
        }
        if missing:
            raise RefusedError(words.REQUIRED_OPTION, about=missing)
        values = {each: self._value(described, each, text) for each, text in given.items()}
        try:
            outcome = await member.slash(name, at=channel, **values)
        except DriverError as error:
            raise RefusedError(str(error)) from error
        return self._came_of(member, outcome, "command")

    async def _suggest(self, member: Member, wanted: Json) -> Json:
        channel, name = self._channel(member, wanted), string(wanted, "command")
        described, option = self._options(member, channel, name), string(wanted, "option")
        if not described.get(option, {}).get("autocomplete"):
            raise NotUnderstoodError
        others: dict[str, Value] = {}
        for each, text in texts(wanted, "options").items():
            if each != option and each in described:
                try:
                    others[each] = self._value(described, each, text)
                except RefusedError:
                    continue
        try:
            found = await member.autocomplete(name, option, string(wanted, "typed")[:100], channel, **others)
        except DriverError:
            found = []
        return {"choices": [{"name": str(one["name"]), "value": str(one["value"])} for one in found]}

    def _options(self, member: Member, channel: Channel, name: str) -> dict[str, Json]:
        """The options of a command that this person is offered here."""
        nodes: list[Json] = [one for one in self._offered(member, channel) if one["type"] == 1]
        for word in name.split():
            found = next((one for one in nodes if one["name"] == word), None)
            if found is None:
                raise unknown("application command")
            nodes = found.get("options") or []
        return {str(one["name"]): one for one in nodes}

    def _offered(self, member: Member, channel: Channel) -> list[Json]:
        try:
            return member.commands(channel)
        except DriverError as error:
            raise missing_permissions() from error

    def _value(self, described: Mapping[str, Json], name: str, text: str) -> Value:
        """An option's value from what was typed or chosen for it."""
        option = described.get(name)
        if option is None:
            raise unknown("application command")
        wrong = outside(option, text)
        if wrong is not None:
            raise RefusedError(wrong, 50035, {name: wrong})
        kind = option["type"]
        if kind == INTEGER:
            return int(text)
        if kind == NUMBER:
            return float(text)
        if kind == BOOLEAN:
            return text.casefold() == "true"
        if kind in (USER, CHANNEL, ROLE):
            return self._thing({USER: 5, ROLE: 6, CHANNEL: 8}[kind], text)
        return text

    # -- writing -----------------------------------------------------------------------------------

    async def _say(self, member: Member, wanted: Json) -> Json:
        channel, text = self._channel(member, wanted), string(wanted, "text")
        needed = Permission.SEND_MESSAGES_IN_THREADS if channel.thread else Permission.SEND_MESSAGES
        direct = channel.type is ChannelType.DM
        if not direct and needed not in self._world.permissions_in(channel, member.user.id):
            raise missing_permissions()
        if not text.strip():
            raise empty_message()
        findings = Findings()
        check_message({"content": text}, findings, flags=MessageFlag(0))
        findings.refuse()
        return {"message": str(member.say(text, channel).id)}

    # -- how ---------------------------------------------------------------------------------------

    def _channel(self, member: Member, wanted: Json) -> Channel:
        channel = self._world.channels.get(number_in(string(wanted, "channel")))
        if channel is None:
            raise unknown("Channel")
        if not self._world.can_see(member.user.id, channel):
            raise missing_access()
        return channel

    def _message(self, member: Member, wanted: Json) -> Message:
        channel = self._channel(member, wanted)
        message = channel.messages.get(number_in(string(wanted, "message")))
        if message is None or message not in member.sees(channel):
            raise unknown("Message")
        return message

    def _came_of(self, member: Member, outcome: Outcome, kind: str) -> Json:
        if outcome.failed:
            raise RefusedError(words.FAILED[kind])
        if outcome.interaction.modal is None:
            original = outcome.interaction.original
            return {"message": str(original.id) if original is not None else None}
        name = str(outcome.interaction.id)
        self._forms[name] = _Opened(outcome, member.user.id)
        while len(self._forms) > FORMS_KEPT:
            self._forms.popitem(last=False)
        form = for_browsers(outcome.modal)
        return {"form": {"name": name, **form} if isinstance(form, dict) else None}
