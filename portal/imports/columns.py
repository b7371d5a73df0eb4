"""What the columns of a file stand for: by their headers, and by what whoever imports says of them. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from portal.contacts.contacts import LONGEST_NAME, MOST_FIELDS
from portal.problems import Problem, RefusedError

MOST_COLUMNS = 100
_SHOWN = 50  # characters of a header in a message


class ImportTarget(StrEnum):
    """What a column's values become."""

    NUMBER = "NUMBER"
    NAME = "NAME"
    TAGS = "TAGS"
    CONSENT = "CONSENT"
    CONSENT_SOURCE = "CONSENT_SOURCE"
    FIELD = "FIELD"
    NOTHING = "NOTHING"


class UnknownHeaders(StrEnum):
    """What becomes of columns whose header says nothing to the portal."""

    REFUSE = "REFUSE"
    FIELDS = "FIELDS"
    LEAVE_OUT = "LEAVE_OUT"


class HeaderProblem(StrEnum):
    """Why a file's header is not accepted."""

    UNKNOWN_HEADER = "UNKNOWN_HEADER"
    TOO_MANY_COLUMNS = "TOO_MANY_COLUMNS"
    NO_NUMBER = "NO_NUMBER"
    HEADER_TWICE = "HEADER_TWICE"
    INVALID = "INVALID"


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a column becomes; `field` names the custom field of one that becomes one."""

    target: ImportTarget
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file."""

    header: str
    becomes: Mapped


_KNOWN = {
    "number": ImportTarget.NUMBER,
    "phone": ImportTarget.NUMBER,
    "phone number": ImportTarget.NUMBER,
    "name": ImportTarget.NAME,
    "tags": ImportTarget.TAGS,
    "consent": ImportTarget.CONSENT,
    "consent source": ImportTarget.CONSENT_SOURCE,
}
_LEFT_OUT = Mapped(ImportTarget.NOTHING)


def read_header(cells: Sequence[str], mapping: Mapping[str, Mapped], unknown: UnknownHeaders) -> list[Column]:
    """The columns of a file with this header; `mapping` says of headers what their columns become.

    Raises:
        RefusedError: a header is unknown or comes twice, or none is the number's.
    """
    headers = [cell.strip() for cell in cells]
    while headers and not headers[-1]:
        headers.pop()
    if len(headers) > MOST_COLUMNS:
        message = f"The file has {len(headers)} columns; {MOST_COLUMNS} are the most."
        raise RefusedError([Problem(HeaderProblem.TOO_MANY_COLUMNS, message, ("uploadId",))])
    found = [(header, mapping.get(header) or _by_name(header, unknown)) for header in headers]
    columns = [Column(header, becomes) for header, becomes in found if becomes is not None]
    strange = [header for header, becomes in found if becomes is None]
    problems = [*_unknown(strange), *_not_there(mapping, headers), *_twice(columns), *_unusable(columns)]
    if not any(column.becomes.target is ImportTarget.NUMBER for column in columns):
        message = 'No column holds phone numbers: name it "number", or map one to NUMBER.'
        problems.append(Problem(HeaderProblem.NO_NUMBER, message, ("uploadId",)))
    if problems:
        raise RefusedError(problems)
    return columns


def numbers_alone(columns: Sequence[Column]) -> list[Column]:
    """The same columns, of which all but the number's become nothing."""
    return [
        column if column.becomes.target is ImportTarget.NUMBER else Column(column.header, _LEFT_OUT)
        for column in columns
    ]


def _by_name(header: str, unknown: UnknownHeaders) -> Mapped | None:
    target = _KNOWN.get(header.lower().replace("_", " "))
    if target is not None:
        return Mapped(target)
    if not header or unknown is UnknownHeaders.LEAVE_OUT:
        return _LEFT_OUT
    return Mapped(ImportTarget.FIELD, header) if unknown is UnknownHeaders.FIELDS else None


def _unknown(strange: Sequence[str]) -> list[Problem]:
    if not strange:
        return []
    message = (
        f"Unknown columns: {_listed(strange)}. Map them, or let unknown headers be FIELDS or LEAVE_OUT. "
        f"Known are {_listed(list(_KNOWN))}."
    )
    return [Problem(HeaderProblem.UNKNOWN_HEADER, message, ("unknownHeaders",))]


def _not_there(mapping: Mapping[str, Mapped], headers: Sequence[str]) -> list[Problem]:
    absent = [header for header in mapping if header not in headers]
    message = f"The file has no columns {_listed(absent)}, which are mapped."
    return [Problem(HeaderProblem.UNKNOWN_HEADER, message, ("mapping",))] if absent else []


def _twice(columns: Sequence[Column]) -> list[Problem]:
    counts = Counter(column.becomes for column in columns if column.becomes != _LEFT_OUT)
    alike = [column.header for column in columns if counts[column.becomes] > 1]
    message = f"These columns become the same: {_listed(alike)}. Keep one, or map the others to NOTHING."
    return [Problem(HeaderProblem.HEADER_TWICE, message, ("mapping",))] if alike else []


def _unusable(columns: Sequence[Column]) -> list[Problem]:
    fields = [column.becomes.field for column in columns if column.becomes.field is not None]
    if len(fields) > MOST_FIELDS:
        message = f"{len(fields)} columns become fields; a contact has at most {MOST_FIELDS}."
        return [Problem(HeaderProblem.TOO_MANY_COLUMNS, message, ("uploadId",))]
    if any(not 1 <= len(name) <= LONGEST_NAME or "\0" in name for name in fields):
        message = f"The name of a field has 1 to {LONGEST_NAME} characters."
        return [Problem(HeaderProblem.INVALID, message, ("uploadId",))]
    return []


def _listed(headers: Sequence[str]) -> str:
    return ", ".join(header[:_SHOWN] for header in headers[:MOST_COLUMNS])
