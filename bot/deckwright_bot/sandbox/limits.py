"""Discord's hard limits on messages, modals and choices: what the server refuses and no client checks."""

from __future__ import annotations

from deckwright_bot.sandbox.errors import ApiError, nest
from deckwright_bot.sandbox.model import Json, MessageFlag

Path = tuple[str | int, ...]

EMBED_TEXTS = (("title", 256), ("description", 4096))
MAX_EMBED_TOTAL = 6000


class Findings:
    """What is wrong with a body, field by field."""

    def __init__(self) -> None:
        self.found: list[tuple[Path, str, str]] = []

    def add(self, path: Path, code: str, text: str) -> None:
        """One thing that is wrong."""
        self.found.append((path, code, text))

    def required(self, path: Path) -> None:
        """A field is missing."""
        self.add(path, "BASE_TYPE_REQUIRED", "This field is required")

    def text(self, path: Path, value: object, most: int, least: int = 0) -> None:
        """A text must have between ``least`` and ``most`` characters; absent is allowed unless ``least``."""
        if value is None:
            if least:
                self.required(path)
            return
        size = len(str(value))
        if least and not least <= size <= most:
            self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
        elif size > most:
            self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")

    def count(self, path: Path, items: object, most: int, least: int = 0) -> list[Json]:
        """A list must have between ``least`` and ``most`` items; returns it, empty where it is no list."""
        listed = items if isinstance(items, list) else []
        if not least <= len(listed) <= most:
            self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
        return listed

    def number(self, path: Path, value: object, least: int, most: int) -> None:
        """An integer must lie in a range; absent is allowed."""
        if value is not None and not least <= int(str(value)) <= most:
            self.add(path, "NUMBER_TYPE_RANGE", f"int value should be between {least} and {most}.")

    def refuse(self) -> None:
        """Raise 50035 if anything was found."""
        if self.found:
            raise ApiError(400, 50035, "Invalid Form Body", nest(self.found))


def check_message(body: Json, findings: Findings, *, flags: MessageFlag, path: Path = ()) -> None:
    """Check a message as it is sent; ``flags`` are the ones it will have."""
    from deckwright_bot.sandbox.component_limits import check_components

    findings.text((*path, "content"), body.get("content"), 2000)
    nonce = body.get("nonce")
    if isinstance(nonce, str):
        findings.text((*path, "nonce"), nonce, 25)
    embeds = findings.count((*path, "embeds"), body.get("embeds"), 10)
    total = sum(_check_embed(embed, (*path, "embeds", n), findings) for n, embed in enumerate(embeds))
    if total > MAX_EMBED_TOTAL:
        text = f"Embed size exceeds maximum size of {MAX_EMBED_TOTAL}"
        findings.add((*path, "embeds"), "MAX_EMBED_SIZE_EXCEEDED", text)
    findings.count((*path, "attachments"), body.get("attachments"), 10)
    _check_mentions(body.get("allowed_mentions") or {}, (*path, "allowed_mentions"), findings)
    if body.get("poll"):
        _check_poll(body["poll"], (*path, "poll"), findings)
    layout = MessageFlag.COMPONENTS_V2 in flags
    if layout:
        for key in ("content", "embeds", "poll", "sticker_ids"):
            if body.get(key):
                text = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
                findings.add((*path, key), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)
    check_components(body.get("components") or [], (*path, "components"), findings, layout=layout)


def _check_embed(embed: Json, path: Path, findings: Findings) -> int:
    """Check one embed and return how many characters it counts towards the total."""
    size = 0
    for key, most in EMBED_TEXTS:
        findings.text((*path, key), embed.get(key), most)
        size += len(embed.get(key) or "")
    for key, name, most in (("footer", "text", 2048), ("author", "name", 256)):
        part = embed.get(key) or {}
        findings.text((*path, key, name), part.get(name), most)
        size += len(part.get(name) or "")
    for n, field in enumerate(findings.count((*path, "fields"), embed.get("fields"), 25)):
        for name, most in (("name", 256), ("value", 1024)):
            text = field.get(name)
            if not text or not str(text).strip():
                findings.required((*path, "fields", n, name))
            findings.text((*path, "fields", n, name), text, most)
            size += len(str(text or ""))
    findings.number((*path, "color"), embed.get("color"), 0, 0xFFFFFF)
    for key in ("url", "image", "thumbnail", "author", "footer"):
        part = embed.get(key)
        for name in ("url", "icon_url"):
            address = part.get(name) if isinstance(part, dict) else part if name == "url" else None
            if address and not str(address).startswith(("http://", "https://", "attachment://")):
                text = "Scheme must be one of ('http', 'https')."
                findings.add((*path, key), "URL_TYPE_INVALID_SCHEME", text)
    return size


def _check_mentions(rules: Json, path: Path, findings: Findings) -> None:
    for key in ("users", "roles"):
        findings.count((*path, key), rules.get(key), 100)
        if rules.get(key) and key in (rules.get("parse") or []):
            text = f'parse:["{key}"] and {key}: [ids...] are mutually exclusive.'
            findings.add(path, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", text)


def _check_poll(poll: Json, path: Path, findings: Findings) -> None:
    findings.text((*path, "question", "text"), (poll.get("question") or {}).get("text"), 300, 1)
    for n, answer in enumerate(findings.count((*path, "answers"), poll.get("answers"), 10, 1)):
        text = (answer.get("poll_media") or {}).get("text")
        findings.text((*path, "answers", n, "poll_media", "text"), text, 55)
    findings.number((*path, "duration"), poll.get("duration"), 1, 32 * 24)


def check_choices(data: Json, findings: Findings) -> None:
    """Check the suggestions of an autocomplete."""
    path: Path = ("data", "choices")
    for n, choice in enumerate(findings.count(path, data.get("choices"), 25)):
        findings.text((*path, n, "name"), choice.get("name"), 100, 1)
        if isinstance(choice.get("value"), str):
            findings.text((*path, n, "value"), choice["value"], 100, 1)


def check_name(body: Json, findings: Findings, *, new: bool) -> None:
    """Check the name and topic of a channel or thread."""
    if new or "name" in body:
        findings.text(("name",), body.get("name"), 100, 1)
    findings.text(("topic",), body.get("topic"), 1024)
    findings.number(("rate_limit_per_user",), body.get("rate_limit_per_user"), 0, 21600)
    if body.get("auto_archive_duration") not in (None, 60, 1440, 4320, 10080):
        text = "Value must be one of {60, 1440, 4320, 10080}."
        findings.add(("auto_archive_duration",), "BASE_TYPE_CHOICES", text)
