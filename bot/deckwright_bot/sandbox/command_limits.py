"""Discord's hard limits on slash commands."""

from __future__ import annotations

from collections import Counter

from deckwright_bot.sandbox.limits import Findings, Path
from deckwright_bot.sandbox.model import Json

SUBCOMMAND, GROUP, STRING, INTEGER, NUMBER = 1, 2, 3, 4, 10
CHAT_INPUT = 1
MOST = {1: 100, 2: 15, 3: 15, 4: 1}
MAX_SIZE = 8000


def check_commands(commands: list[Json], findings: Findings) -> None:
    """Check all commands of one scope together, as bulk registration does."""
    kinds = Counter(command.get("type") or CHAT_INPUT for command in commands)
    for kind, count in kinds.items():
        if count > MOST[kind]:
            text = f"Maximum number of application commands reached ({MOST[kind]})"
            findings.add((), "APPLICATION_COMMANDS_MAX", text)
    named = Counter((command.get("type") or CHAT_INPUT, command.get("name")) for command in commands)
    for n, command in enumerate(commands):
        if named[command.get("type") or CHAT_INPUT, command.get("name")] > 1:
            text = "Application command names must be unique"
            findings.add((n,), "APPLICATION_COMMANDS_DUPLICATE_NAME", text)
        check_command(command, (n,), findings)


def check_command(command: Json, path: Path, findings: Findings) -> None:
    """Check one command."""
    if (command.get("type") or CHAT_INPUT) != CHAT_INPUT:
        findings.text((*path, "name"), command.get("name"), 32, 1)
        return
    _check_named(command, path, findings)
    _check_options(command, path, findings, depth=0)
    if (size := _size(command)) > MAX_SIZE:
        text = f"Command exceeds maximum size of {MAX_SIZE} (it has {size})"
        findings.add(path, "APPLICATION_COMMAND_TOO_LARGE", text)


def _check_named(node: Json, path: Path, findings: Findings) -> None:
    _check_name((*path, "name"), node.get("name"), findings)
    findings.text((*path, "description"), node.get("description"), 100, 1)
    for locale, name in (node.get("name_localizations") or {}).items():
        _check_name((*path, "name_localizations", locale), name, findings)
    for locale, text in (node.get("description_localizations") or {}).items():
        findings.text((*path, "description_localizations", locale), text, 100, 1)


def _check_name(path: Path, name: object, findings: Findings) -> None:
    findings.text(path, name, 32, 1)
    text = str(name or "x")
    if text != text.lower() or not all(sign.isalnum() or sign in "-_'" for sign in text):
        findings.add(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_options(node: Json, path: Path, findings: Findings, *, depth: int) -> None:
    path = (*path, "options")
    options = findings.count(path, node.get("options"), 25)
    kinds = {option["type"] in (SUBCOMMAND, GROUP) for option in options}
    if len(kinds) > 1:
        text = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        findings.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text)
    for name, times in Counter(option.get("name") for option in options).items():
        if times > 1:
            text = f"Option names must be unique: {name}"
            findings.add(path, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", text)
    optional_seen = False
    for n, option in enumerate(options):
        where = (*path, n)
        _check_named(option, where, findings)
        if option["type"] in (SUBCOMMAND, GROUP):
            if depth > (option["type"] == SUBCOMMAND):
                text = "Sub-command groups cannot be nested"
                findings.add(where, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text)
            _check_options(option, where, findings, depth=depth + 1)
            continue
        if option.get("required") and optional_seen:
            text = "Required options must be placed before non-required options"
            findings.add(where, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)
        optional_seen |= not option.get("required")
        _check_choices(option, where, findings)


def _check_choices(option: Json, path: Path, findings: Findings) -> None:
    choices = findings.count((*path, "choices"), option.get("choices"), 25)
    if choices and option.get("autocomplete"):
        text = "Choices and autocomplete are mutually exclusive"
        findings.add((*path, "choices"), "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", text)
    for n, choice in enumerate(choices):
        findings.text((*path, "choices", n, "name"), choice.get("name"), 100, 1)
        if option["type"] == STRING:
            findings.text((*path, "choices", n, "value"), choice.get("value"), 100, 1)


def _size(node: Json) -> int:
    """The characters that count towards 8000; of translations only the longest does."""
    total = 0
    for key in ("name", "description"):
        texts = [node.get(key) or "", *(node.get(f"{key}_localizations") or {}).values()]
        total += max(len(text) for text in texts)
    total += sum(_size(option) for option in node.get("options") or [])
    for choice in node.get("choices") or []:
        total += len(choice.get("name") or "") + len(str(choice.get("value")))
    return total
