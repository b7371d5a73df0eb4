"""The records of a CSV file, a few at a time, whatever the file holds: no line or record fills the memory. Pure."""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import chain, islice
from typing import NamedTuple

LONGEST_RECORD = 100_000
"""Characters; more than any record with acceptable values has."""
MOST_LINES = 200_000
"""Records, blank ones among them: a file of line ends has an end too."""
_END = re.compile(r"\r\n|\n|\r(?=.)", re.DOTALL)  # a \r at the end of a piece may be half of a \r\n
_DELIMITERS = ",;\t"
_AS_UTF_8 = "save it as CSV in UTF-8"


class FileProblem(StrEnum):
    """Why a file is no CSV that can be imported."""

    UNREADABLE = "UNREADABLE"
    WRONG_ENCODING = "WRONG_ENCODING"
    EMPTY = "EMPTY"
    TOO_LONG = "TOO_LONG"


class UnreadableError(ValueError):
    """The file cannot be read on; the message says where and how to mend it, and nothing of what it holds."""

    def __init__(self, code: FileProblem, message: str) -> None:
        super().__init__(message)
        self.code = code


class Record(NamedTuple):
    """A record and its place: 1 is the header, as spreadsheets number rows."""

    row: int
    cells: list[str]


def read_records(chunks: Iterable[bytes]) -> Iterator[Record]:
    """The records of a file in UTF-8, or in UTF-16 with its mark, by RFC 4180; blank ones are left out.

    Fields are separated by what separates those of the first line: commas, semicolons or tabs.

    Raises:
        UnreadableError: while reading, where the file cannot be read on.
    """
    lines = _lines(_texts(chunks))
    first = list(islice(lines, 1))
    return _records(chain(first, lines), _delimiter(first))


def _texts(chunks: Iterable[bytes]) -> Iterator[str]:
    chunks = iter(chunks)
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= len(codecs.BOM_UTF8):
            break
    marked = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    decoder = codecs.getincrementaldecoder("utf-16" if marked else "utf-8-sig")()
    line = 1
    for chunk, is_last in chain(((chunk, False) for chunk in chain([head], chunks)), [(b"", True)]):
        try:
            text = decoder.decode(chunk, is_last)
        except UnicodeDecodeError as error:
            read = bytes(error.object[: error.start]).decode(error.encoding, "ignore")
            place = line + read.count("\n")
            encoding = "UTF-16" if marked else "UTF-8"
            message = f"Line {place} is not in {encoding}, as the rest of the file: {_AS_UTF_8}."
            raise UnreadableError(FileProblem.WRONG_ENCODING, message) from error
        if line == 1 and "\0" in text.partition("\n")[0]:  # every second byte of UTF-16
            message = f"The file is neither in UTF-8 nor in UTF-16 with its byte order mark: {_AS_UTF_8}."
            raise UnreadableError(FileProblem.WRONG_ENCODING, message)
        line += text.count("\n")
        yield text


def _lines(texts: Iterable[str]) -> Iterator[str]:
    """Lines with their ends, however they end."""
    pending, number = "", 1
    for text in texts:
        pending += text
        end = 0
        for found in _END.finditer(pending):
            number += 1
            yield pending[end : found.end()]
            end = found.end()
        pending = pending[end:]
        if len(pending) > LONGEST_RECORD:
            raise _too_long(number)
    if pending:
        yield pending


def _delimiter(first: list[str]) -> str:
    header = "".join("".join(first).split('"')[::2])  # what stands outside of quotes
    return max(_DELIMITERS, key=header.count)  # of those that are as frequent the first


def _records(lines: Iterable[str], delimiter: str) -> Iterator[Record]:
    number = size = row = 0
    begun = 1

    def measured() -> Iterator[str]:
        nonlocal number, size
        for line in lines:
            number += 1
            size += len(line)
            if size > LONGEST_RECORD:
                raise _too_long(begun)
            yield line

    reader = csv.reader(measured(), delimiter=delimiter, strict=True)
    while True:
        size, begun = 0, number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            message = f"The record that begins in line {begun} has a quote that is not closed, or text behind one."
            raise UnreadableError(FileProblem.UNREADABLE, message) from error
        row += 1
        if row > MOST_LINES:
            message = f"The file has more than {MOST_LINES:,} rows, blank ones among them."
            raise UnreadableError(FileProblem.TOO_LONG, message)
        if any(cells):
            yield Record(row, cells)


def _too_long(line: int) -> UnreadableError:
    message = (
        f"The record that begins in line {line} has more than {LONGEST_RECORD:,} characters: is a quote not closed?"
    )
    return UnreadableError(FileProblem.TOO_LONG, message)
