"""Variables in texts: found, and filled. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,49})\s*\}\}")


@dataclass(frozen=True, slots=True)
class TemplateVariable:
    """A place in the text that the contact's fields, the sender's values or the default fill."""

    name: str
    default: str | None
    example: str
    required: bool


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text for one recipient, and the variables that nothing filled."""

    text: str
    missing: tuple[str, ...]


def variables_in(body: str) -> list[str]:
    """The names of the variables in a text, each once, in order."""
    return list(dict.fromkeys(match.group(1) for match in _VARIABLE.finditer(body)))


def render(body: str, variables: Sequence[TemplateVariable], *sources: Mapping[str, str]) -> Rendered:
    """Fill a text: the first source that knows a variable wins, then its default, then nothing if it is optional."""
    declared = {variable.name: variable for variable in variables}
    missing: list[str] = []

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        for source in sources:
            if source.get(name):
                return source[name]
        variable = declared.get(name)
        if variable is not None and variable.default is not None:
            return variable.default
        if (variable is None or variable.required) and name not in missing:
            missing.append(name)
        return ""

    return Rendered(_VARIABLE.sub(fill, body), tuple(missing))
