"""Bodies checked against Discord's own OpenAPI description; needs ``jsonschema`` and is used only when asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from deckwright_bot.sandbox.model import Json

DIGITS = re.compile(r"-?\d+")
SNOWFLAKE = "snowflake"


class SchemaChecker:
    """Says what Discord's description has against a request or a response."""

    def __init__(self, path: Path) -> None:
        self.document: Json = json.loads(path.read_text("utf-8"))
        self.schemas: Json = self.document["components"]["schemas"]
        self.validator = extend(  # type: ignore[no-untyped-call]
            Draft202012Validator,
            {"anyOf": self._union, "oneOf": self._union, "type": _loose_type, "pattern": _loose_pattern},
        )
        self._routes = sorted(self._compile(), key=lambda route: route[0])
        self._cache: dict[str, Any] = {}

    def _compile(self) -> Iterator[tuple[int, re.Pattern[str], Json]]:
        for path, operations in self.document["paths"].items():
            pattern = re.sub(r"\{\w+\}", "[^/]+", path)
            yield path.count("{"), re.compile(pattern + "$"), operations

    def request_problems(self, method: str, path: str, body: object) -> list[str]:
        """What is wrong with a request's JSON; a route that is not described is a problem too."""
        operation = self._operation(method, path)
        if operation is None:
            return [f"{method} {path}: not in Discord's description"]
        content = (operation.get("requestBody") or {}).get("content") or {}
        found = content.get("application/json") or content.get("multipart/form-data")
        if found is None:
            return [f"{method} {path}: takes no body"] if body is not None else []
        required = bool(operation["requestBody"].get("required"))
        if body is None:
            return [f"{method} {path}: needs a body"] if required else []
        return self._problems(f"{method} {path}", found["schema"], body)

    def response_problems(self, method: str, path: str, status: int, body: object) -> list[str]:
        """What is wrong with an answer's JSON."""
        operation = self._operation(method, path)
        if operation is None:
            return []
        response = operation["responses"].get(str(status))
        if response is None:
            return [f"{method} {path}: no answer {status} is described"] if status < 400 else []
        schema = ((response.get("content") or {}).get("application/json") or {}).get("schema")
        return self._problems(f"{method} {path} -> {status}", schema, body) if schema else []

    def _operation(self, method: str, path: str) -> Json | None:
        for _, pattern, operations in self._routes:
            if pattern.match(path) and method.lower() in operations:
                found: Json = operations[method.lower()]
                return found
        return None

    def _problems(self, where: str, schema: Json, body: object) -> list[str]:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._cache:
            self._cache[key] = self.validator({**schema, "components": self.document["components"]})
        errors = self._cache[key].iter_errors(body)
        return [f"{where}: {error.json_path}: {error.message[:300]}" for error in errors]

    def _union(self, validator: Any, branches: Any, instance: Any, _: Any) -> Iterator[ValidationError]:  # noqa: ANN401
        """One branch must fit; where ``type`` names it, only that one's complaints are of interest."""
        picked = branches
        if isinstance(instance, Mapping) and "type" in instance:
            named = [branch for branch in branches if instance["type"] in self._types(branch)]
            picked = named or branches
        best: list[ValidationError] | None = None
        for branch in picked:
            errors = list(validator.descend(instance, branch))
            if not errors:
                return
            if best is None or len(errors) < len(best):
                best = errors
        yield from best or [ValidationError(f"{instance!r} fits no branch")]

    def _types(self, branch: Json) -> list[int]:
        while "$ref" in branch:
            branch = self.schemas[branch["$ref"].rsplit("/", 1)[-1]]
        described = (branch.get("properties") or {}).get("type") or {}
        values: list[int] = described.get("enum") or [described.get("const")]
        return values


def _loose_type(_: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401
    """Numbers may come as digits in a string, ids as numbers."""
    kinds = [wanted] if isinstance(wanted, str) else wanted
    if "integer" in kinds and isinstance(instance, str) and DIGITS.fullmatch(instance):
        return
    if schema.get("format") == SNOWFLAKE and isinstance(instance, int) and not isinstance(instance, bool):
        return
    if not any(Draft202012Validator.TYPE_CHECKER.is_type(instance, kind) for kind in kinds):
        yield ValidationError(f"{instance!r} is not of type {', '.join(kinds)}")


def _loose_pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:  # noqa: ANN401
    if isinstance(instance, str) and not re.search(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")
