"""Changes of single keys of a case: `--set key=value` of the command line and the `set` tables of variants.

A key is dotted: materials.film.D, operation.steps[0].current_density, geometry.layers[coating].thickness
(an entry of a list by its number or by its name).
"""

import copy
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from fem_sei.problems import did_you_mean

KEY = re.compile(r"[^.\[\]]+(\[[^\[\]]+\])*(\.[^.\[\]]+(\[[^\[\]]+\])*)*")


class OverrideError(ValueError):
    """A change that cannot be made; str() says why."""


def parse(text: str) -> tuple[str, Any]:
    """Key and value of a text "key=value"; the value is TOML, or a text where it is no TOML (20 A/m^2)."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise OverrideError('needs key=value, like geometry.layers[1].thickness="50 nm"')
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def apply(data: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the tables of a case with the dotted keys changed."""
    result = copy.deepcopy(dict(data))
    for key, value in changes.items():
        _set(result, key, value)
    return result


def _set(data: dict[str, Any], key: str, value: Any) -> None:
    if not KEY.fullmatch(key):
        raise OverrideError(f'"{key}" is not a dotted key like geometry.layers[1].thickness')
    parts = [part for part in re.split(r"[.\[\]]+", key) if part]
    container: Any = data
    for n, part in enumerate(parts):
        at = _index(container, part, key) if isinstance(container, list) else part
        if n == len(parts) - 1:
            container[at] = value
        elif isinstance(container, list):
            container = container[at]
        else:
            container = container.setdefault(at, {})
        if not isinstance(container, (dict, list)):
            raise OverrideError(f'"{key}": {part} is not a table')


def _index(entries: list[Any], part: str, key: str) -> int:
    """Number of an entry of a list, given by number or by the entry's `name`."""
    if part.isdecimal():
        if int(part) < len(entries):
            return int(part)
        count = f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'}, counted from 0"
        raise OverrideError(f'"{key}": there is no entry {part}; the list has {count}')
    names = [str(entry.get("name")) for entry in entries if isinstance(entry, dict) and "name" in entry]
    if names.count(part) == 1:
        return next(
            n for n, entry in enumerate(entries) if isinstance(entry, dict) and entry.get("name") == part
        )
    hint = did_you_mean(part, names) or (f" There are: {', '.join(names)}." if names else "")
    raise OverrideError(f'"{key}": there is no entry named {part}.{hint}')
