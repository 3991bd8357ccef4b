"""Discord's hard limits on components: buttons, selects, layouts and what a modal may hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from deckwright_bot.sandbox.limits import Findings, Path
from deckwright_bot.sandbox.model import Json

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR = 9, 10, 11, 12, 13, 14
CONTAINER, LABEL, UPLOAD, RADIO, CHECKBOXES, CHECKBOX = 17, 18, 19, 21, 22, 23
SELECTS = {STRING_SELECT, 5, 6, 7, 8}
LINK, PREMIUM = 5, 6
LAYOUT_TOP = {ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER}
IN_CONTAINER = LAYOUT_TOP - {CONTAINER}
IN_LABEL = SELECTS | {TEXT_INPUT, UPLOAD, RADIO, CHECKBOXES, CHECKBOX}
MAX_LAYOUT_PARTS, MAX_LAYOUT_TEXT = 40, 4000


def walk(components: list[Json]) -> Iterator[Json]:
    """All components, nested ones too, in reading order."""
    for one in components:
        yield one
        yield from walk(one.get("components") or [])
        for key in ("accessory", "component"):
            if one.get(key):
                yield from walk([one[key]])


def check_components(components: list[Json], path: Path, findings: Findings, *, layout: bool) -> None:
    """Check a message's components, in rows or as a layout."""
    parts = list(walk(components))
    if layout:
        if len(parts) > MAX_LAYOUT_PARTS:
            findings.add(path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 40 in length.")
        if sum(len(str(one.get("content") or "")) for one in parts if one["type"] == TEXT) > MAX_LAYOUT_TEXT:
            text = f"The total displayable text must not exceed {MAX_LAYOUT_TEXT} characters."
            findings.add(path, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", text)
    else:
        findings.count(path, components, 5)
    for n, one in enumerate(components):
        _check_part(one, (*path, n), findings, LAYOUT_TOP if layout else {ROW})
    _check_unique(parts, path, findings)


def _check_unique(parts: list[Json], path: Path, findings: Findings) -> None:
    counted = Counter(one["custom_id"] for one in parts if one.get("custom_id"))
    for custom_id in (name for name, times in counted.items() if times > 1):
        text = f"Component custom id cannot be duplicated: {custom_id}"
        findings.add(path, "COMPONENT_CUSTOM_ID_DUPLICATED", text)


def _check_part(one: Json, path: Path, findings: Findings, allowed: set[int]) -> None:
    kind = one["type"]
    if kind not in allowed:
        text = f'Value of field "type" must be one of {tuple(sorted(allowed))}.'
        findings.add((*path, "type"), "UNION_TYPE_CHOICES", text)
        return
    inner = (*path, "components")
    if kind == ROW:
        _check_row(one, path, findings)
    elif kind == SECTION:
        for n, child in enumerate(findings.count(inner, one.get("components"), 3, 1)):
            _check_part(child, (*inner, n), findings, {TEXT})
        if accessory := one.get("accessory"):
            if accessory["type"] == BUTTON:
                _check_button(accessory, (*path, "accessory"), findings)
        else:
            findings.required((*path, "accessory"))
    elif kind == TEXT:
        findings.text((*path, "content"), one.get("content"), MAX_LAYOUT_TEXT, 1)
    elif kind == GALLERY:
        for n, item in enumerate(findings.count((*path, "items"), one.get("items"), 10, 1)):
            findings.text((*path, "items", n, "description"), item.get("description"), 1024)
    elif kind == CONTAINER:
        for n, child in enumerate(one.get("components") or []):
            _check_part(child, (*inner, n), findings, IN_CONTAINER)


def _check_row(row: Json, path: Path, findings: Findings) -> None:
    inner = (*path, "components")
    children = findings.count(inner, row.get("components"), 5, 1)
    kinds = [child["type"] for child in children]
    if any(kind in SELECTS for kind in kinds) and len(kinds) > 1:
        text = "Action row cannot hold a select beside another component."
        findings.add(inner, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", text)
    for n, child in enumerate(children):
        if child["type"] == BUTTON:
            _check_button(child, (*inner, n), findings)
        elif child["type"] in SELECTS:
            check_select(child, (*inner, n), findings)
        else:
            text = 'Value of field "type" must be one of (2, 3, 5, 6, 7, 8).'
            findings.add((*inner, n, "type"), "UNION_TYPE_CHOICES", text)


def _check_button(button: Json, path: Path, findings: Findings) -> None:
    style = button.get("style")
    findings.text((*path, "label"), button.get("label"), 80)
    if style == LINK:
        findings.text((*path, "url"), button.get("url"), 512, 1)
        if button.get("custom_id"):
            text = "A custom id and url cannot both be specified"
            findings.add((*path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", text)
    elif style != PREMIUM:
        findings.text((*path, "custom_id"), button.get("custom_id"), 100, 1)
    if style != PREMIUM and not button.get("label") and not button.get("emoji"):
        text = "A button must have a label or an emoji"
        findings.add(path, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", text)


def check_select(select: Json, path: Path, findings: Findings) -> None:
    """Check a select of any type, in a message or a modal."""
    findings.text((*path, "custom_id"), select.get("custom_id"), 100, 1)
    findings.text((*path, "placeholder"), select.get("placeholder"), 150)
    findings.number((*path, "min_values"), select.get("min_values"), 0, 25)
    findings.number((*path, "max_values"), select.get("max_values"), 1, 25)
    if select["type"] != STRING_SELECT:
        return
    options = _check_options(select, path, findings, 25, 1)
    if (select.get("max_values") or 1) > max(len(options), 1):
        text = f"Must be less than or equal to {len(options)}."
        findings.add((*path, "max_values"), "BASE_TYPE_MAX", text)


def _check_options(group: Json, path: Path, findings: Findings, most: int, least: int) -> list[Json]:
    path = (*path, "options")
    options = findings.count(path, group.get("options"), most, least)
    for n, option in enumerate(options):
        findings.text((*path, n, "label"), option.get("label"), 100, 1)
        findings.text((*path, n, "value"), option.get("value"), 100, 1)
        findings.text((*path, n, "description"), option.get("description"), 100)
    if len({option.get("value") for option in options}) < len(options):
        text = "The specified option value is already used"
        findings.add(path, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", text)
    return options


def check_modal(data: Json, findings: Findings) -> None:
    """Check a modal."""
    findings.text(("data", "title"), data.get("title"), 45, 1)
    findings.text(("data", "custom_id"), data.get("custom_id"), 100, 1)
    path: Path = ("data", "components")
    parts = findings.count(path, data.get("components"), 5, 1)
    for n, part in enumerate(parts):
        if part["type"] == ROW:
            for child in findings.count((*path, n, "components"), part.get("components"), 1, 1):
                _check_input(child, (*path, n, "components", 0), findings, {TEXT_INPUT})
        elif part["type"] == LABEL:
            findings.text((*path, n, "label"), part.get("label"), 45, 1)
            findings.text((*path, n, "description"), part.get("description"), 100)
            _check_input(part.get("component") or {"type": 0}, (*path, n, "component"), findings, IN_LABEL)
        elif part["type"] != TEXT:
            text = 'Value of field "type" must be one of (1, 10, 18).'
            findings.add((*path, n, "type"), "UNION_TYPE_CHOICES", text)
    _check_unique(list(walk(parts)), path, findings)


def _check_input(one: Json, path: Path, findings: Findings, allowed: set[int]) -> None:
    kind = one["type"]
    if kind not in allowed:
        text = f'Value of field "type" must be one of {tuple(sorted(allowed))}.'
        findings.add((*path, "type"), "UNION_TYPE_CHOICES", text)
        return
    findings.text((*path, "custom_id"), one.get("custom_id"), 100, 1)
    if kind in SELECTS:
        check_select(one, path, findings)
    elif kind == RADIO:
        _check_options(one, path, findings, 10, 2)
    elif kind == CHECKBOXES:
        _check_options(one, path, findings, 10, 1)
    elif kind == TEXT_INPUT:
        findings.text((*path, "label"), one.get("label"), 45)
        findings.text((*path, "placeholder"), one.get("placeholder"), 100)
        findings.text((*path, "value"), one.get("value"), 4000)
        findings.number((*path, "min_length"), one.get("min_length"), 0, 4000)
        findings.number((*path, "max_length"), one.get("max_length"), 1, 4000)
