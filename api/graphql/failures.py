"""What may be told about a failure, and with which HTTP status; everything else is masked and logged."""

import traceback
from collections.abc import Iterable, Mapping
from enum import Enum, auto
from typing import Any, TypeAlias

import structlog
from graphql import GraphQLError

from api.causes import causes
from portal.database import DatabaseUnavailableError
from portal_schema.errors import ErrorCode, RequestError

_log = structlog.get_logger(__name__)
_DATABASE_DOWN = "The portal cannot reach its database. Try again in a moment."
_MASKED = "Something went wrong on our side. Quote the request id if you ask us about it."


class Outcome(Enum):
    """How far a request came."""

    ANSWERED = auto()
    INVALID = auto()  # a document that does not parse or validate, variables that do not fit
    MALFORMED = auto()  # no GraphQL request at all
    OVER_LIMIT = auto()
    WRONG_METHOD = auto()
    NOT_ACCEPTABLE = auto()
    BODY_TOO_SLOW = auto()
    BODY_TOO_LARGE = auto()
    WRONG_MEDIA_TYPE = auto()
    DEADLINE_PASSED = auto()


# The status under application/graphql-response+json, and under application/json, where a well-formed answer is a 200.
# The GraphQL-over-HTTP draft now has 422 and 294 in places of 400 and 200; clients and gateways expect these.
STATUS: Mapping[Outcome | ErrorCode, tuple[int, int]] = {
    Outcome.ANSWERED: (200, 200),
    Outcome.INVALID: (400, 200),
    Outcome.MALFORMED: (400, 400),
    Outcome.OVER_LIMIT: (400, 400),
    Outcome.WRONG_METHOD: (405, 405),
    Outcome.NOT_ACCEPTABLE: (406, 406),
    Outcome.BODY_TOO_SLOW: (408, 408),
    Outcome.BODY_TOO_LARGE: (413, 413),
    Outcome.WRONG_MEDIA_TYPE: (415, 415),
    Outcome.DEADLINE_PASSED: (504, 504),
    # The operation could not begin: its context refused it.
    ErrorCode.UNAUTHENTICATED: (401, 401),
    ErrorCode.FORBIDDEN: (403, 403),
    ErrorCode.NOT_FOUND: (404, 404),
    ErrorCode.BAD_USER_INPUT: (400, 400),
    ErrorCode.RATE_LIMITED: (429, 429),
    ErrorCode.COST_EXCEEDED: (400, 400),
    ErrorCode.DEPTH_EXCEEDED: (400, 400),
    ErrorCode.UPSTREAM_UNAVAILABLE: (503, 503),
    ErrorCode.INTERNAL: (500, 500),
}

Headers: TypeAlias = Mapping[str, str]


class Refusal(Exception):  # noqa: N818  it is an answer, not a fault
    """A request that is not executed, and why."""

    def __init__(
        self, outcome: Outcome | ErrorCode, errors: list[GraphQLError], headers: Headers | None = None
    ) -> None:
        super().__init__(outcome.name)
        self.outcome = outcome
        self.errors = errors
        self.headers = headers or {}


def refused(outcome: Outcome, message: str, headers: Headers | None = None) -> Refusal:
    """The refusal of a request for one reason that the client can mend."""
    return Refusal(outcome, [RequestError(ErrorCode.BAD_USER_INPUT, message)], headers)


def invalid(errors: Iterable[GraphQLError]) -> Refusal:
    """The refusal of a document or of variables with graphql-core's own errors."""
    return Refusal(Outcome.INVALID, [_bad_input(error) for error in errors])


def told(errors: Iterable[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """The `errors` of an answer: what the client may read, and a mask over the rest, which is logged."""
    return [_told(error, request_id) for error in errors]


def masked(error: BaseException, request_id: str) -> RequestError:
    """Log a failure of ours and put a mask over it.

    Neither the log nor the mask has the exception's text: drivers quote the row they failed on.
    """
    frames = traceback.extract_tb(error.__traceback__)
    _log.error(
        "a request failed",
        request_id=request_id,
        raised=[f"{type(one).__module__}.{type(one).__qualname__}" for one in causes(error)],
        frames=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
    if any(isinstance(one, DatabaseUnavailableError) for one in causes(error)):
        return RequestError(ErrorCode.UPSTREAM_UNAVAILABLE, _DATABASE_DOWN)
    return RequestError(ErrorCode.INTERNAL, _MASKED)


def _told(error: GraphQLError, request_id: str) -> dict[str, Any]:
    cause = _cause(error)
    if isinstance(cause, RequestError):
        shown: GraphQLError = cause
    elif isinstance(cause, GraphQLError) and _is_about_arguments(cause):
        shown = _bad_input(cause)
    else:
        shown = masked(cause, request_id)
    entry: dict[str, Any] = {"message": shown.message}
    if error.locations:
        entry["locations"] = [location.formatted for location in error.locations]
    if error.path is not None:
        entry["path"] = error.path
    return entry | {"extensions": {**(shown.extensions or {}), "requestId": request_id}}


def _bad_input(error: GraphQLError) -> GraphQLError:
    """Mark an error of graphql-core's that speaks only of what the client sent."""
    shown = RequestError(ErrorCode.BAD_USER_INPUT, error.message)
    shown.locations = error.locations
    return shown


def _cause(error: GraphQLError) -> BaseException:
    """What a resolver raised, below the errors that only add a place to it."""
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and not isinstance(cause, RequestError) and cause.original_error:
        cause = cause.original_error
    return cause


def _is_about_arguments(error: GraphQLError) -> bool:
    """Whether graphql-core itself refused an argument: a null from a variable is seen only in execution.

    A resolver may raise a GraphQLError of the same looks, so it goes by the function that raised it.
    """
    frames = error.__traceback__
    while frames is not None and frames.tb_next is not None:
        frames = frames.tb_next
    return frames is not None and frames.tb_frame.f_globals.get("__name__") == "graphql.execution.values"
