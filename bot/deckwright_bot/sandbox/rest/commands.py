"""Registering slash commands, everywhere or for one guild."""

from __future__ import annotations

from deckwright_bot.sandbox.command_limits import check_command, check_commands
from deckwright_bot.sandbox.errors import ApiError, missing_access, unknown
from deckwright_bot.sandbox.limits import Findings
from deckwright_bot.sandbox.model import Json
from deckwright_bot.sandbox.rest.wire import Call, Reply, Routes

routes = Routes()
EVERYWHERE = "/applications/{application}/commands"
GUILD = "/applications/{application}/guilds/{guild}/commands"


def _scope(call: Call) -> int | None:
    if call.number("application") != call.core.world.bot.id:
        raise unknown("Application")
    if "guild" not in call.params:
        return None
    guild = call.core.world.guilds.get(call.number("guild"))
    if guild is None or call.core.world.bot.id not in guild.members:
        raise missing_access()
    return guild.id


@routes.add("GET", EVERYWHERE)
@routes.add("GET", GUILD)
def listed(call: Call) -> Reply:
    """All commands of the scope."""
    found = call.core.commands.all(_scope(call))
    if not call.flag("with_localizations"):
        found = [{key: one[key] for key in one if not key.endswith("_localizations")} for one in found]
    return Reply(found)


@routes.add("PUT", EVERYWHERE)
@routes.add("PUT", GUILD)
def replace(call: Call) -> Reply:
    """Register all commands of the scope at once."""
    scope = _scope(call)
    if not isinstance(call.body, list):
        raise ApiError(400, 50035, "Invalid Form Body")
    bodies: list[Json] = call.body
    findings = Findings()
    check_commands(bodies, findings)
    findings.refuse()
    return Reply(call.core.commands.replace_all(scope, bodies))


@routes.add("POST", EVERYWHERE)
@routes.add("POST", GUILD)
def create(call: Call) -> Reply:
    """Register one command."""
    scope, body = _scope(call), call.json()
    _check(body)
    return Reply(call.core.commands.create(scope, body), 201)


def _check(body: Json) -> None:
    findings = Findings()
    check_command(body, (), findings)
    findings.refuse()


@routes.add("GET", EVERYWHERE + "/{command}")
@routes.add("GET", GUILD + "/{command}")
def one_command(call: Call) -> Reply:
    """One command."""
    return Reply(call.core.commands.get(_scope(call), call.number("command")))


@routes.add("PATCH", EVERYWHERE + "/{command}")
@routes.add("PATCH", GUILD + "/{command}")
def edit(call: Call) -> Reply:
    """Change one command."""
    scope, body = _scope(call), call.json()
    _check(call.core.commands.get(scope, call.number("command")) | body)
    return Reply(call.core.commands.edit(scope, call.number("command"), body))


@routes.add("DELETE", EVERYWHERE + "/{command}")
@routes.add("DELETE", GUILD + "/{command}")
def delete(call: Call) -> Reply:
    """Take one command away."""
    call.core.commands.delete(_scope(call), call.number("command"))
    return Reply()


@routes.add("GET", GUILD + "/permissions")
def permissions(call: Call) -> Reply:
    """Who may use which command: nobody has changed anything."""
    _scope(call)
    return Reply([])
