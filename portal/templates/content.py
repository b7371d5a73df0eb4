"""A template's text at the provider, whose variables have numbers, in the order in which the text names them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.templates.rendering import VARIABLE, TemplateVariable, Value, variables_in


class TemplateKind(StrEnum):
    """Who fills a template's text."""

    TEXT = "TEXT"
    CONTENT = "CONTENT"


class ContentState(StrEnum):
    """Where a version of a CONTENT template stands at the provider."""

    PUBLISHING = "PUBLISHING"
    READY = "READY"
    FAILED = "FAILED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class ContentStanding:
    """A version's state at the provider, since when, and how often it was tried without success."""

    state: ContentState
    since: datetime
    attempts: int

    @property
    def reason(self) -> str | None:
        """Why it is not ready yet, or never will be, for people."""
        if self.state is ContentState.FAILED:
            return "The messaging service does not take this text. Change it: a new version is published anew."
        if self.state is ContentState.PUBLISHING and self.attempts > 1:
            return "The messaging service did not answer as it should. It is tried again by itself."
        return None


@dataclass(frozen=True, slots=True)
class NumberedText:
    """A text with numbered variables, and an example for each number."""

    body: str
    examples: Mapping[str, str]


def numbered(body: str, variables: Sequence[TemplateVariable]) -> NumberedText:
    """The text as the provider has it."""
    numbers = _numbers(body)
    declared = {variable.name: variable for variable in variables}
    examples = {number: declared[name].example or declared[name].default or name for name, number in numbers.items()}
    return NumberedText(VARIABLE.sub(lambda match: f"{{{{{numbers[match.group(1)]}}}}}", body), examples)


def content_variables(body: str, values: Mapping[str, Value]) -> dict[str, str]:
    """What the provider fills the text with for one recipient, by number."""
    return {number: values[name].text for name, number in _numbers(body).items()}


def _numbers(body: str) -> dict[str, str]:
    return {name: str(place) for place, name in enumerate(variables_in(body), start=1)}
