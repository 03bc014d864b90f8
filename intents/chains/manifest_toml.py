"""Writes a manifest as TOML, so that `parse(to_toml(m)) == m`."""

import json
from typing import Any

from .manifest import ChainManifest, to_json


def to_toml(manifest: ChainManifest) -> str:
    """The manifest as TOML text, values that are not set left out."""
    plain: list[str] = []
    tables: list[str] = []
    for name, value in to_json(manifest).items():
        if isinstance(value, dict):
            tables.append(_table(name, value))
        elif isinstance(value, list):
            tables.extend(f"[[{name}]]\n{_lines(item)}" for item in value)
        elif value is not None:
            plain.append(f"{name} = {_value(value)}")
    return "\n\n".join(["\n".join(plain), *(table for table in tables if table)]) + "\n"


def _table(name: str, value: dict[str, Any]) -> str:
    if not value:
        return ""
    if all(isinstance(item, dict) for item in value.values()):
        return "\n\n".join(f"[{name}.{json.dumps(key)}]\n{_lines(item)}" for key, item in value.items())
    return f"[{name}]\n{_lines(value)}"


def _lines(table: dict[str, Any]) -> str:
    return "\n".join(f"{key} = {_value(value)}" for key, value in table.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    # JSON leaves this one letter as it is, TOML refuses it.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
