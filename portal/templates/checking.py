"""What can be wrong with a template. Pure."""

from collections.abc import Sequence
from enum import StrEnum

from portal.problems import Problem, RefusedError
from portal.templates.content import TemplateKind
from portal.templates.rendering import VARIABLE, TemplateVariable, variables_in

LONGEST_NAME = 100
LONGEST_BODY = 1_600  # Twilio refuses longer texts with error 21617
LONGEST_EXAMPLE = 200
MOST_VARIABLES = 50


class TemplateProblem(StrEnum):
    """Why a template is not created, changed or archived."""

    NOT_FOUND = "NOT_FOUND"
    NAME_TAKEN = "NAME_TAKEN"
    INVALID = "INVALID"
    UNKNOWN_VARIABLE = "UNKNOWN_VARIABLE"
    ARCHIVED = "ARCHIVED"


def undeclared(body: str) -> tuple[TemplateVariable, ...]:
    """The variables of a text that says nothing else of them."""
    return tuple(TemplateVariable(name, None, name, required=True) for name in variables_in(body))


def redeclared(body: str, known: Sequence[TemplateVariable]) -> tuple[TemplateVariable, ...]:
    """A new body without a declaration keeps what is known of its variables."""
    by_name = {variable.name: variable for variable in known}
    return tuple(by_name.get(variable.name, variable) for variable in undeclared(body))


def name_problems(name: str) -> list[Problem]:
    """What is wrong with a name."""
    if 1 <= len(name.strip()) <= LONGEST_NAME:
        return []
    return [Problem(TemplateProblem.INVALID, f"A name has 1 to {LONGEST_NAME} characters.", ("name",))]


def body_problems(body: str, variables: Sequence[TemplateVariable], kind: TemplateKind) -> list[Problem]:
    """What is wrong with a text and what is declared of its variables."""
    if len(variables) > MOST_VARIABLES:
        return [Problem(TemplateProblem.INVALID, f"A template has at most {MOST_VARIABLES} variables.", ("variables",))]
    problems = []
    if not body.strip() or len(body) > LONGEST_BODY:
        problems.append(Problem(TemplateProblem.INVALID, f"A text has 1 to {LONGEST_BODY} characters.", ("body",)))
    names = [variable.name for variable in variables]
    problems += [
        Problem(
            TemplateProblem.UNKNOWN_VARIABLE,
            f"The text uses {{{{{name}}}}}, which the variables do not declare.",
            ("body",),
        )
        for name in variables_in(body)
        if name not in names
    ]
    wrong = "A variable's name is a word of letters, digits and _, and stands once."
    problems += [
        Problem(TemplateProblem.INVALID, wrong, ("variables", str(index), "name"))
        for index, name in enumerate(names)
        if names.count(name) > 1 or variables_in(f"{{{{{name}}}}}") != [name]
    ]
    lengths = (("default", LONGEST_BODY), ("example", LONGEST_EXAMPLE))
    problems += [
        Problem(TemplateProblem.INVALID, f"It has at most {most} characters.", ("variables", str(index), part))
        for index, variable in enumerate(variables)
        for part, most in lengths
        if len(getattr(variable, part) or "") > most
    ]
    return problems + (_content_problems(body, variables) if kind is TemplateKind.CONTENT else [])


def _content_problems(body: str, variables: Sequence[TemplateVariable]) -> list[Problem]:
    """The provider takes any braces for a variable's, and fills what is empty with an example."""
    problems = []
    if set("{}") & set(VARIABLE.sub("", body)):
        stray = "In a CONTENT template braces stand around variables and nowhere else."
        problems.append(Problem(TemplateProblem.INVALID, stray, ("body",)))
    empty = "In a CONTENT template no variable may stay empty: make it required, or give it a default."
    return problems + [
        Problem(TemplateProblem.INVALID, empty, ("variables", str(index), "default"))
        for index, variable in enumerate(variables)
        if not (variable.default or "").strip() and not (variable.required and variable.default is None)
    ]


def topic_problems(topic: str | None, topics: Sequence[str]) -> list[Problem]:
    """What is wrong with a topic, where these are the tenant's."""
    if topic is None or topic in topics:
        return []
    return [Problem(TemplateProblem.INVALID, "This is none of the topics in your settings: name one.", ("topic",))]


def refuse_if(problems: Sequence[Problem]) -> None:
    """Refuse with what was found, if anything was.

    Raises:
        RefusedError: there are problems.
    """
    if problems:
        raise RefusedError(problems)
