"""Rules that were known under another id: what names the old one means the new one."""

from collections.abc import Iterable, Mapping
from typing import Any

_NAMES_A_RULE = ("rule", "undecided")
"""Keys of conditions whose text is the id of a rule."""
_NAME_RULES = ("unless",)
"""Keys of conditions that list ids of rules."""


def list_former(rules: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Give former id → id now, of rules as they are written."""
    return {old: str(rule["id"]) for rule in rules for old in rule.get("formerly", ())}


def rename_rules(entry: Any, now: Mapping[str, str]) -> Any:
    """Put the ids of now in the place of former ones, wherever conditions name rules."""
    if isinstance(entry, list):
        return [rename_rules(part, now) for part in entry]
    if not isinstance(entry, dict):
        return entry
    renamed = {key: rename_rules(value, now) for key, value in entry.items()}
    for key in _NAMES_A_RULE:
        if isinstance(renamed.get(key), str):
            renamed[key] = now.get(renamed[key], renamed[key])
    for key in _NAME_RULES:
        if key in renamed:
            renamed[key] = [now.get(name, name) for name in renamed[key]]
    return renamed
