"""What another row has already."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from tortoise.exceptions import IntegrityError

from portal.problems import Problem, RefusedError


@contextmanager
def taken_means(problem: Problem) -> Iterator[None]:
    """Refuse with this problem where a unique index refuses what is written inside."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise RefusedError([problem]) from error
    except IntegrityError as error:
        if isinstance(error.__cause__, asyncpg.UniqueViolationError):
            raise RefusedError([problem]) from error
        raise
