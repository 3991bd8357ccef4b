"""From what a test writes to what Discord's client would send: command options, selects, filled forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from deckwright_bot.sandbox import message_payloads, payloads
from deckwright_bot.sandbox.component_limits import (
    LABEL,
    ROW,
    SELECTS,
    STRING_SELECT,
    TEXT,
    TEXT_INPUT,
    UPLOAD,
)
from deckwright_bot.sandbox.model import Attachment, Channel, Guild, Json, Role, User
from deckwright_bot.sandbox.outcome import DriverError
from deckwright_bot.sandbox.state import World

SUBCOMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = 3, 4, 5, 6, 7, 8, 9, 10, 11
RADIO, CHECKBOX = 21, 23
MAX_INPUT = 4000


class HasUser(Protocol):
    """A member of the driver."""

    @property
    def user(self) -> User:
        """Who it is."""
        ...


File = tuple[str, bytes]
Value = str | int | float | bool | User | HasUser | Channel | Role | File
Field = Value | list[Value] | list[str] | None


class Resolver:
    """Turns people, channels, roles and files into ids and the ``resolved`` part beside them."""

    def __init__(
        self, world: World, guild: Guild | None, viewer_id: int, store: Callable[[File], Attachment]
    ) -> None:
        self.world = world
        self.guild = guild
        self.viewer_id = viewer_id
        self.store = store
        self.found: Json = {}

    def take(self, value: object) -> str:
        """The id of a thing; what it is goes into ``found``."""
        if isinstance(value, User) or hasattr(value, "user"):
            user: User = value if isinstance(value, User) else value.user
            self._keep("users", user.id, payloads.user(user))
            if self.guild and (member := self.guild.members.get(user.id)):
                permissions = str(int(self.world.guild_permissions(self.guild, user.id)))
                self._keep(
                    "members",
                    user.id,
                    payloads.member(member, with_user=False) | {"permissions": permissions},
                )
            return str(user.id)
        if isinstance(value, Channel):
            self._keep("channels", value.id, payloads.partial_channel(value, self.world, self.viewer_id))
            return str(value.id)
        if isinstance(value, Role):
            self._keep("roles", value.id, payloads.role(value, self.world))
            return str(value.id)
        if isinstance(value, tuple):
            stored = self.store(value)
            self._keep("attachments", stored.id, message_payloads.attachment(stored))
            return str(stored.id)
        raise DriverError(f"expected a person, channel, role or file, found {value!r}")

    def _keep(self, kind: str, number: int, payload: Json) -> None:
        self.found.setdefault(kind, {})[str(number)] = payload


# -- slash commands -----------------------------------------------------------------------------


def find_command(commands: list[Json], words: list[str]) -> tuple[Json, list[Json]]:
    """The command of these words, and the subcommands on the way to it."""
    command = next((one for one in commands if one["type"] == 1 and one["name"] == words[0]), None)
    if command is None:
        known = ", ".join(sorted(one["name"] for one in commands))
        raise DriverError(f"there is no command /{words[0]}; there are: {known}")
    path: list[Json] = []
    node = command
    for word in words[1:]:
        inner = (one for one in node.get("options") or [] if one["type"] in (SUBCOMMAND, GROUP))
        found = next((one for one in inner if one["name"] == word), None)
        if found is None:
            raise DriverError(f"/{words[0]} has no subcommand {word}")
        path.append(found)
        node = found
    if any(one["type"] in (SUBCOMMAND, GROUP) for one in node.get("options") or []):
        raise DriverError(f"/{' '.join(words)} has subcommands and cannot be called by itself")
    return command, path


def command_data(
    command: Json,
    path: list[Json],
    values: Mapping[str, Value],
    resolver: Resolver,
    *,
    focused: str | None = None,
) -> Json:
    """The data of a command call, or with ``focused`` of an autocomplete."""
    node = path[-1] if path else command
    described = {one["name"]: one for one in node.get("options") or []}
    if strange := set(values) - set(described):
        raise DriverError(f"/{command['name']} has no option {', '.join(sorted(strange))}")
    missing = [name for name, one in described.items() if one.get("required") and name not in values]
    if missing and focused is None:
        raise DriverError(f"/{command['name']} needs {', '.join(missing)}")
    options: list[Json] = []
    for name, value in values.items():
        option: Json = {"name": name, "type": described[name]["type"]}
        option["value"] = str(value) if name == focused else _option_value(described[name], value, resolver)
        options.append(option | ({"focused": True} if name == focused else {}))
    for step in reversed(path):
        options = [{"name": step["name"], "type": step["type"], "options": options}]
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"], "options": options}
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    return data | ({"resolved": resolver.found} if resolver.found else {})


def _option_value(option: Json, value: Value, resolver: Resolver) -> object:
    kind, name = option["type"], option["name"]
    if kind in (USER, CHANNEL, ROLE, MENTIONABLE, ATTACHMENT):
        taken = resolver.take(value)
        kinds = option.get("channel_types")
        if kind == CHANNEL and kinds and isinstance(value, Channel) and int(value.type) not in kinds:
            raise DriverError(f"option {name} does not offer #{value.name}")
        return taken
    wanted: tuple[type, ...] = {STRING: (str,), INTEGER: (int,), BOOLEAN: (bool,), NUMBER: (int, float)}[kind]
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind != BOOLEAN):
        raise DriverError(f"option {name}: expected {wanted[0].__name__}, found {value!r}")
    choices = [one["value"] for one in option.get("choices") or []]
    if choices and value not in choices:
        raise DriverError(f"option {name}: {value!r} is none of {choices}")
    size = len(value) if isinstance(value, str) else float(value) if isinstance(value, int | float) else 0
    low, high = ("min_length", "max_length") if kind == STRING else ("min_value", "max_value")
    if option.get(low) is not None and size < option[low]:
        raise DriverError(f"option {name}: {value!r} is below {option[low]}")
    if option.get(high) is not None and size > option[high]:
        raise DriverError(f"option {name}: {value!r} is above {option[high]}")
    return value


# -- selects and forms --------------------------------------------------------------------------


def chosen(select: Json, values: Sequence[Value], resolver: Resolver) -> list[str]:
    """The values of a select; options of a string select go by value or label."""
    least, most = select.get("min_values"), select.get("max_values")
    if not (1 if least is None else least) <= len(values) <= (1 if most is None else most):
        raise DriverError(f"the select wants {least or 1} to {most or 1} values, found {len(values)}")
    if select["type"] != STRING_SELECT and select["type"] in SELECTS:
        return [resolver.take(value) for value in values]
    return [_option_of(select, str(value)) for value in values]


def _option_of(group: Json, wanted: str) -> str:
    for option in group.get("options") or []:
        if wanted in (option["value"], option["label"]):
            return str(option["value"])
    raise DriverError(f"there is no option {wanted!r}")


def filled(modal: Json, fields: Mapping[str, Field], resolver: Resolver) -> list[Json]:
    """The parts of a submitted form; fields go by custom id or label."""
    rest = dict(fields)
    parts: list[Json] = []
    for part in modal["components"]:
        if part["type"] == TEXT:
            parts.append({"type": TEXT, "id": part["id"]})
        elif part["type"] == ROW:
            inner = part["components"][0]
            entry = _entry(inner, _field(rest, inner, str(inner.get("label"))), resolver)
            parts.append({"type": ROW, "id": part["id"], "components": [entry]})
        elif part["type"] == LABEL:
            inner = part["component"]
            entry = _entry(inner, _field(rest, inner, part["label"]), resolver)
            parts.append({"type": LABEL, "id": part["id"], "component": entry})
    if rest:
        raise DriverError(f"the form has no field {', '.join(rest)}")
    return parts


def _field(rest: dict[str, Field], inner: Json, label: str) -> Field:
    for key in (inner["custom_id"], label):
        if key in rest:
            return rest.pop(key)
    return None


def _entry(inner: Json, value: Field, resolver: Resolver) -> Json:
    entry: Json = {"type": inner["type"], "id": inner["id"], "custom_id": inner["custom_id"]}
    required = inner.get("required") is not False
    name = inner["custom_id"]
    if inner["type"] == TEXT_INPUT:
        text = str(inner.get("value") or "") if value is None else str(value)
        least, most = inner.get("min_length") or int(required), inner.get("max_length") or MAX_INPUT
        if not (text == "" and not required) and not least <= len(text) <= most:
            raise DriverError(f"field {name}: {len(text)} characters, expected {least} to {most}")
        return entry | {"value": text}
    if inner["type"] == CHECKBOX:
        return entry | {"value": bool(value)}
    if value is None and required and inner["type"] != UPLOAD:
        raise DriverError(f"field {name} is required")
    if inner["type"] == RADIO:
        return entry | {"value": None if value is None else _option_of(inner, str(value))}
    listed: list[Value] = [] if value is None else [*value] if isinstance(value, list) else [value]
    if not listed and not required:
        return entry | {"values": []}
    if inner["type"] == UPLOAD:
        return entry | {"values": [resolver.take(one) for one in listed]}
    return entry | {"values": chosen(inner, list(listed), resolver)}
