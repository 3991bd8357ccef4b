"""Registered slash commands, everywhere or for one guild."""

from __future__ import annotations

from deckwright_bot.sandbox import events
from deckwright_bot.sandbox.errors import ApiError, unknown
from deckwright_bot.sandbox.model import Json
from deckwright_bot.sandbox.state import World

CREATES_A_DAY = 200
CHAT_INPUT = 1


class Commands:
    """The commands of the one application, by scope; None is everywhere."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.by_scope: dict[int | None, dict[int, Json]] = {}
        self.creates: dict[int | None, int] = {}

    def all(self, guild_id: int | None) -> list[Json]:
        """The commands of one scope."""
        return list(self.by_scope.get(guild_id, {}).values())

    def usable(self, guild_id: int | None) -> list[Json]:
        """The commands a member of that guild can call; a guild's own hide global ones of the same name."""
        found = {(one["type"], one["name"]): one for one in self.all(None)}
        if guild_id is not None:
            found |= {(one["type"], one["name"]): one for one in self.all(guild_id)}
        return list(found.values())

    def get(self, guild_id: int | None, command_id: int) -> Json:
        """One command, or 404."""
        if found := self.by_scope.get(guild_id, {}).get(command_id):
            return found
        raise unknown("application command")

    def replace_all(self, guild_id: int | None, bodies: list[Json]) -> list[Json]:
        """Bulk registration: known names keep their ids, the rest is created, what is missing goes."""
        known = {(one["type"], one["name"]): one for one in self.all(guild_id)}
        made = [self._make(guild_id, body, known.get((_type(body), body["name"]))) for body in bodies]
        self.by_scope[guild_id] = {int(one["id"]): one for one in made}
        self._tell(guild_id)
        return made

    def create(self, guild_id: int | None, body: Json) -> Json:
        """Register one command, or overwrite the one of the same name."""
        same = (
            one for one in self.all(guild_id) if (one["type"], one["name"]) == (_type(body), body["name"])
        )
        made = self._make(guild_id, body, next(same, None))
        self.by_scope.setdefault(guild_id, {})[int(made["id"])] = made
        self._tell(guild_id)
        return made

    def edit(self, guild_id: int | None, command_id: int, body: Json) -> Json:
        """Change what the body names."""
        known = self.get(guild_id, command_id)
        made = self._make(guild_id, {**known, **body}, known)
        self.by_scope[guild_id][command_id] = made
        self._tell(guild_id)
        return made

    def delete(self, guild_id: int | None, command_id: int) -> None:
        """Take a command away."""
        self.get(guild_id, command_id)
        del self.by_scope[guild_id][command_id]
        self._tell(guild_id)

    def _make(self, guild_id: int | None, body: Json, known: Json | None) -> Json:
        if known is None:
            self.creates[guild_id] = self.creates.get(guild_id, 0) + 1
            if self.creates[guild_id] > CREATES_A_DAY:
                raise ApiError(
                    400,
                    30034,
                    f"Max number of daily application command creates has been reached ({CREATES_A_DAY})",
                )
        permissions = body.get("default_member_permissions")
        made: Json = {
            "id": known["id"] if known else str(self.world.ids.new()),
            "application_id": str(self.world.bot.id),
            "version": str(self.world.ids.new()),
            "type": _type(body),
            "name": body["name"],
            "name_localizations": body.get("name_localizations"),
            "description": body.get("description") or "",
            "description_localizations": body.get("description_localizations"),
            "options": [_option(one) for one in body.get("options") or []],
            "default_member_permissions": None if permissions is None else str(permissions),
            "nsfw": bool(body.get("nsfw")),
            "integration_types": body.get("integration_types") or [0],
        }
        if guild_id is None:
            contexts = body.get("contexts")
            made["contexts"] = contexts
            made["dm_permission"] = True if contexts is None else 1 in contexts
        else:
            made["guild_id"] = str(guild_id)
        return made

    def _tell(self, guild_id: int | None) -> None:
        self.world.hub.emit(events.CommandsChanged(guild_id, tuple(self.all(guild_id))))


def _type(body: Json) -> int:
    return int(body.get("type") or CHAT_INPUT)


def _option(body: Json) -> Json:
    """An option as it is given back: without what is empty."""
    kept = {key: value for key, value in body.items() if value is not None}
    if "options" in kept:
        kept["options"] = [_option(one) for one in kept["options"]]
    return kept
