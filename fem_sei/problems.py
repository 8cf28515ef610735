"""Problems of a user's input: where, what is expected, and the closest thing that exists."""

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Place = tuple[str | int, ...]
LONGEST_SHOWN = 60  # characters of a value in a message
MOST_LISTED = 15  # keys listed where none is close
SEE_KEYS = "`fem-sei schema --keys` lists them."


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the input, at a `place` like ("geometry", "layers", 1, "thickness").

    `message` continues the line "place = value: message", or "place message" if `about_key` (the key itself
    is missing or unknown, so there is no value to show).
    """

    place: Place
    message: str
    about_key: bool = False

    def text(self, data: Any) -> str:
        """The line to print; the value comes from `data`, the tables the input was read into."""
        where = dotted(self.place)
        if self.about_key:
            return f"{where} {self.message}"
        try:
            for part in self.place:
                data = data[part]
        except (KeyError, IndexError, TypeError):
            return f"{where}: {self.message}"
        return f"{where} = {shown(data)}: {self.message}"


def dotted(place: Place) -> str:
    """geometry.layers[1].thickness"""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def shown(value: Any) -> str:
    """A value as the file writes it, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 4] + " ..."


def did_you_mean(word: Any, choices: Iterable[str]) -> str:
    """` Did you mean "mobility"?`, or nothing if no choice starts with the word or is close to it."""
    by_lower_case = {choice.lower(): choice for choice in choices}
    word = str(word).lower()
    longer = [choice for choice in by_lower_case if len(word) > 2 and choice.startswith(word)]
    close = longer or difflib.get_close_matches(word, by_lower_case, n=1, cutoff=0.6)
    return f' Did you mean "{by_lower_case[close[0]]}"?' if close else ""


def unknown_key(place: Place, choices: Iterable[str]) -> Problem:
    """The problem of a key that nobody reads; without a close match it lists what there is."""
    choices = list(choices)
    listing = f"There are: {', '.join(choices)}." if len(choices) <= MOST_LISTED else SEE_KEYS
    close = did_you_mean(place[-1], choices) or f" {listing}"
    return Problem(place, f"is not a known key.{close}", about_key=True)
