"""Variables in texts: found, and filled. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,49})\s*\}\}")


@dataclass(frozen=True, slots=True)
class TemplateVariable:
    """A place in the text that the contact's fields, the sender's values or the default fill."""

    name: str
    default: str | None
    example: str
    required: bool


class ValueOrigin(StrEnum):
    """What filled a variable."""

    PORTAL = "PORTAL"
    CALLER = "CALLER"
    CONTACT = "CONTACT"
    EXAMPLE = "EXAMPLE"
    DEFAULT = "DEFAULT"
    NOTHING = "NOTHING"


class Value(NamedTuple):
    """What stands for a variable, and where it came from."""

    text: str
    origin: ValueOrigin


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text for one recipient, what stands for each variable in order, and those that nothing filled."""

    text: str
    values: Mapping[str, Value]
    missing: tuple[str, ...]


Source = tuple[ValueOrigin, Mapping[str, str]]


def variables_in(body: str) -> list[str]:
    """The names of the variables in a text, each once, in order."""
    return list(dict.fromkeys(match.group(1) for match in VARIABLE.finditer(body)))


def render(body: str, variables: Sequence[TemplateVariable], *sources: Source, on_one_line: bool = False) -> Rendered:
    """Fill a text: the first source that knows a variable wins, then its default, then nothing if it is optional.

    With `on_one_line` spaces, tabs and line breaks in a row become one space in each value.
    """
    declared = {variable.name: variable for variable in variables}
    values: dict[str, Value] = {}

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in values:
            values[name] = _value(name, declared.get(name), sources, _on_one_line if on_one_line else str)
        return values[name].text

    text = VARIABLE.sub(fill, body)
    missing = [
        name
        for name, value in values.items()
        if value.origin is ValueOrigin.NOTHING and (name not in declared or declared[name].required)
    ]
    return Rendered(text, values, tuple(missing))


def _value(
    name: str, variable: TemplateVariable | None, sources: Sequence[Source], tidy: Callable[[str], str]
) -> Value:
    for origin, source in sources:
        if text := tidy(source.get(name, "")):
            return Value(text, origin)
    if variable is not None and variable.default is not None:
        return Value(tidy(variable.default), ValueOrigin.DEFAULT)
    return Value("", ValueOrigin.NOTHING)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
