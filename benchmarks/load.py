"""A closed loop of HTTP requests, prepared beforehand so that the client takes little of the machine."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.comparing import Turn

_SECONDS_FOR_ANSWER = 60
_SHOWN = 500  # bytes of an unexpected answer


class UnexpectedAnswerError(Exception):
    """A server answered something else than it should have: a rate would mean nothing."""


def request(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A POST request as it goes over the wire."""
    lines = {"Host": "localhost", "Content-Length": str(len(body)), **headers}
    return (
        "\r\n".join([f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items()), "", ""]).encode()
        + body
    )


async def ask(port: int, request: bytes, *, status: int = 200) -> bytes:
    """Send one request that has to be answered with this status; the body of the answer."""
    connection = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await _ask(*connection, request, status)
    finally:
        connection[1].close()


async def timed(port: int, request: bytes, seconds: float) -> list[float]:
    """How long each answer took, one after the other on one connection, for so long."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    taken: list[float] = []
    try:
        end = time.perf_counter() + seconds
        while (start := time.perf_counter()) < end:
            body = await _ask(reader, writer, request, 200)
            taken.append(time.perf_counter() - start)
            if b'"errors"' in body:
                raise UnexpectedAnswerError(f"errors in the answer: {body[:_SHOWN]!r}")
    finally:
        writer.close()
    return taken


@dataclass(frozen=True, slots=True)
class Load:
    """Clients that ask again as soon as they have their answer, which has to have this status and contain this text."""

    port: int
    requests: Iterator[bytes]
    connections: int
    status: int = 200
    containing: bytes = b""

    async def last(self, seconds: float) -> Turn:
        """Ask for so long; what is under way at the end still counts.

        Raises:
            UnexpectedAnswerError: an answer is another one.
        """
        opened = [await asyncio.open_connection("127.0.0.1", self.port) for _ in range(self.connections)]
        start = time.perf_counter()
        try:
            async with asyncio.TaskGroup() as group:
                asking = [group.create_task(self._ask_until(start + seconds, *connection)) for connection in opened]
            return Turn(sum(task.result() for task in asking), time.perf_counter() - start)
        finally:
            for _, writer in opened:
                writer.close()

    async def _ask_until(self, end: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        answered = 0
        while time.perf_counter() < end:
            body = await _ask(reader, writer, next(self.requests), self.status)
            if self.containing not in body:
                raise UnexpectedAnswerError(f"{self.containing!r} is missing: {body[:_SHOWN]!r}")
            answered += 1
        return answered


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, status: int) -> bytes:
    async with asyncio.timeout(_SECONDS_FOR_ANSWER):
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, found, rest = head.partition(b"content-length:")
        body = await reader.readexactly(int(rest.partition(b"\r\n")[0])) if found else b""
    if int(head[9:12]) != status:  # behind HTTP/1.1
        raise UnexpectedAnswerError(f"status {head[9:12].decode()} in place of {status}: {body[:_SHOWN]!r}")
    return body
