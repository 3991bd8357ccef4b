"""Discord's refusals: a status, a number from its list of codes, and its own words."""

from __future__ import annotations

from deckwright_bot.sandbox.model import Json

UNKNOWN = {
    "Account": 10001, "Application": 10002, "Channel": 10003, "Guild": 10004, "Member": 10007, "Message": 10008,
    "Permission Overwrite": 10009, "Role": 10011, "User": 10013, "Webhook": 10015, "Interaction": 10062,
    "application command": 10063,
}  # fmt: skip


class ApiError(Exception):
    """A request that Discord refuses."""

    def __init__(self, status: int, code: int, text: str, errors: Json | None = None) -> None:
        super().__init__(f"{status} {code}: {text}")
        self.status = status
        self.code = code
        self.text = text
        self.errors = errors
        self.extra: Json = {}

    def body(self) -> Json:
        """The refusal as JSON."""
        body: Json = {"message": self.text, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


def unknown(what: str) -> ApiError:
    """404: there is no such thing (any more)."""
    return ApiError(404, UNKNOWN[what], f"Unknown {what}")


def missing_access() -> ApiError:
    """403: the channel or guild cannot be seen at all."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """403: seen, but not allowed."""
    return ApiError(403, 50013, "Missing Permissions")


def closed_dms() -> ApiError:
    """403: the user takes no direct messages."""
    return ApiError(403, 50007, "Cannot send messages to this user")


def empty_message() -> ApiError:
    """400: neither text, embed, file, component nor poll."""
    return ApiError(400, 50006, "Cannot send an empty message")


def already_acknowledged() -> ApiError:
    """400: the second first answer."""
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def invalid_form(path: tuple[str | int, ...], code: str, text: str) -> ApiError:
    """400 / 50035 about one field."""
    return ApiError(400, 50035, "Invalid Form Body", nest([(path, code, text)]))


def nest(findings: list[tuple[tuple[str | int, ...], str, str]]) -> Json:
    """The nested form in which Discord lists what is wrong, field by field."""
    root: Json = {}
    for path, code, text in findings:
        node = root
        for part in path:
            node = node.setdefault(str(part), {})
        node.setdefault("_errors", []).append({"code": code, "message": text})
    return root
