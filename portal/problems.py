"""Expected failures of a use case: what is wrong, where in the input, and how to mend it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; `path` leads to it inside the input, `()` means the whole."""

    code: StrEnum
    message: str
    path: tuple[str, ...] = ()


class RefusedError(Exception):
    """The use case refuses and nothing happened: its transaction is rolled back."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.code for problem in problems))
        self.problems = tuple(problems)


class RefusedButNotedError(RefusedError):
    """The use case refuses, and what it noted of that stays: an alert, or a loss that was avoided."""


def refuse(code: StrEnum, message: str, *path: str) -> RefusedError:
    """The refusal with this one problem, to be raised."""
    return RefusedError([Problem(code, message, path)])
