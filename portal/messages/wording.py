"""A text that is to be filled, and how: for a send and for a preview alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.messages.addressees import Addressee
from portal.messages.refusals import SendProblem
from portal.problems import Problem
from portal.templates.checking import LONGEST_BODY
from portal.templates.content import TemplateKind, content_variables
from portal.templates.rendering import Rendered, Source, TemplateVariable, ValueOrigin, render
from portal.templates.templates import TemplateRow

TOO_LONG = f"With the variables filled the text has to have 1 to {LONGEST_BODY} characters."
PREFERENCES = "preferences"  # the variable that nobody but the portal fills


@dataclass(frozen=True, slots=True)
class Wording:
    """What is to be filled for each recipient, and what it is about."""

    body: str
    variables: Sequence[TemplateVariable] = ()
    version_id: UUID | None = None
    topic: str | None = None
    is_content: bool = False  # whether the provider fills it, too

    @classmethod
    def of(cls, template: TemplateRow) -> "Wording":
        """A template's current text."""
        current, is_content = template.current, template.kind is TemplateKind.CONTENT
        return cls(current.body, current.variables, current.id, template.topic, is_content=is_content)

    def filled(self, *sources: Source) -> Rendered:
        """The text with its variables filled from these; the provider takes no line breaks within a value."""
        return render(self.body, self.variables, *sources, on_one_line=self.is_content)

    def filled_for(self, addressee: Addressee, given: Mapping[str, str], own: Mapping[str, str]) -> Rendered:
        """The text as one recipient gets it: what the portal, the sender and the contact say, in this order."""
        contact = (ValueOrigin.CONTACT, addressee.fields), (ValueOrigin.CONTACT, {"name": addressee.name})
        return self.filled((ValueOrigin.PORTAL, own), (ValueOrigin.CALLER, given), *contact)

    def content_of(self, rendered: Rendered) -> Mapping[str, str] | None:
        """What the provider fills the text with, where it does."""
        return content_variables(self.body, rendered.values) if self.is_content else None


def is_sendable(text: str) -> bool:
    """Whether a text with its variables filled is one that can be sent."""
    return bool(text.strip()) and len(text) <= LONGEST_BODY


def variable_problems(given: Mapping[str, str]) -> list[Problem]:
    """What is wrong with the values that a send gives for variables."""
    if all(len(value) <= LONGEST_BODY for value in given.values()):  # a text can repeat it 300 times
        return []
    longest = f"A variable's text has at most {LONGEST_BODY} characters."
    return [Problem(SendProblem.INVALID, longest, ("variables",))]
