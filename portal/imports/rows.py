"""What a row of a file asks for, and what is wrong with it. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from portal.contacts.consent import ConsentStatement, ConsentStatus
from portal.contacts.contacts import ContactChange, check_change
from portal.imports.columns import Column, ImportTarget
from portal.imports.records import Record
from portal.problems import RefusedError

_BETWEEN_TAGS = re.compile(r"[,;|]")
_CONSENT = {
    "given": ConsentStatus.GIVEN,
    "yes": ConsentStatus.GIVEN,
    "true": ConsentStatus.GIVEN,
    "withdrawn": ConsentStatus.WITHDRAWN,
    "no": ConsentStatus.WITHDRAWN,
    "false": ConsentStatus.WITHDRAWN,
    "unknown": ConsentStatus.UNKNOWN,
}
_OF_CHANGE = {  # where a problem of a contact's lies in a file
    "number": ImportTarget.NUMBER,
    "name": ImportTarget.NAME,
    "tags": ImportTarget.TAGS,
    "consent": ImportTarget.CONSENT_SOURCE,
}


class ImportProblemCode(StrEnum):
    """Why a row is not imported."""

    INVALID_NUMBER = "INVALID_NUMBER"
    INVALID = "INVALID"
    NUMBER_TWICE = "NUMBER_TWICE"
    TOO_MANY_CELLS = "TOO_MANY_CELLS"
    TOO_MANY_TAGS = "TOO_MANY_TAGS"
    TOO_MANY_FIELDS = "TOO_MANY_FIELDS"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"


class RowProblem(NamedTuple):
    """What is wrong with a row; `column` is a header, None means the whole row. The message tells no content."""

    row: int
    column: str | None
    code: ImportProblemCode
    message: str


class ContactLine(NamedTuple):
    """A row that can be imported; what is empty in the file says nothing."""

    row: int
    number: str  # E.164
    country: str
    name: str | None
    fields: dict[str, str]
    tags: tuple[str, ...]
    consent: ConsentStatement | None


@dataclass(slots=True)
class RowReader:
    """Reads the rows of one file in their order; it remembers the numbers, for one that comes again."""

    columns: Sequence[Column]
    tags: Sequence[str]
    consent_source: str
    """Said of consent where no column says how it came about."""
    _seen: dict[int, int] = field(default_factory=dict)

    def read(self, record: Record) -> ContactLine | list[RowProblem]:
        """What the row asks for, or what is wrong with it."""
        try:
            return self._line(record)
        except _WrongRowError as error:
            return error.problems
        except RefusedError as refusal:
            return [
                RowProblem(record.row, self._column(problem.path), ImportProblemCode[problem.code], problem.message)
                for problem in refusal.problems
            ]

    def _line(self, record: Record) -> ContactLine:
        cells = [cell.strip() for cell in record.cells]
        if any(cells[len(self.columns) :]):
            raise _WrongRowError(
                record.row, None, ImportProblemCode.TOO_MANY_CELLS, "The row is longer than the header."
            )
        filled = [(column, cell) for column, cell in zip(self.columns, cells, strict=False) if cell]
        for column, cell in filled:
            if "\0" in cell:
                message = "It holds a character that no text has (NUL)."
                raise _WrongRowError(record.row, column.header, ImportProblemCode.INVALID, message)
        by_target = {column.becomes.target: cell for column, cell in filled}
        tags = self._tags(by_target.get(ImportTarget.TAGS, ""))
        consent = self._consent(record.row, by_target)
        fields = {column.becomes.field: cell for column, cell in filled if column.becomes.field is not None}
        given = {"number": by_target.get(ImportTarget.NUMBER, ""), "fields": fields}
        checked = check_change(ContactChange(given | {"name": by_target.get(ImportTarget.NAME)}, tags, consent))
        number = checked["number"]
        first = self._seen.setdefault(int(number), record.row)
        if first != record.row:
            message = f"Row {first} has the same number."
            header = self._column(("number",))
            raise _WrongRowError(record.row, header, ImportProblemCode.NUMBER_TWICE, message)
        return ContactLine(record.row, number, checked["country"], checked["name"], fields, tags, consent)

    def _tags(self, cell: str) -> tuple[str, ...]:
        named = [*self.tags, *(name.strip() for name in _BETWEEN_TAGS.split(cell))]
        return tuple({name.lower(): name for name in named if name}.values())

    def _consent(self, row: int, by_target: dict[ImportTarget, str]) -> ConsentStatement | None:
        told = by_target.get(ImportTarget.CONSENT)
        if told is None:
            return None
        status = _CONSENT.get(told.lower())
        if status is None:
            message = f"Consent is one of {', '.join(_CONSENT)}."
            header = next(one.header for one in self.columns if one.becomes.target is ImportTarget.CONSENT)
            raise _WrongRowError(row, header, ImportProblemCode.INVALID, message)
        return ConsentStatement(status, by_target.get(ImportTarget.CONSENT_SOURCE) or self.consent_source)

    def _column(self, path: Sequence[str]) -> str | None:
        """The header of the column that a problem of a contact lies in."""
        for column in self.columns:
            if column.becomes.field is not None and list(path) == ["fields", column.becomes.field]:
                return column.header
            if path and column.becomes.target is _OF_CHANGE.get(path[0]):
                return column.header
        return None


class _WrongRowError(Exception):
    def __init__(self, row: int, column: str | None, code: ImportProblemCode, message: str) -> None:
        super().__init__(message)
        self.problems = [RowProblem(row, column, code, message)]
