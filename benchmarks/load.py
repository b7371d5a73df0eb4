"""A closed loop of HTTP requests, prepared beforehand so that the client takes little of the machine."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_SECONDS_FOR_ANSWER = 60


class UnexpectedAnswerError(Exception):
    """A server answered something else than it should have: a rate would mean nothing."""


def request(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A POST request as it goes over the wire."""
    lines = {"Host": "localhost", "Content-Length": str(len(body)), **headers}
    return (
        "\r\n".join([f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items()), "", ""]).encode()
        + body
    )


@dataclass(slots=True)
class Client:
    """One kept-alive connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def to(cls, port: int) -> "Client":
        """Connect to a server of this machine."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, request: bytes, expected: int) -> bytes:
        """Send a request; the body of its answer.

        Raises:
            UnexpectedAnswerError: the answer has another status.
        """
        async with asyncio.timeout(_SECONDS_FOR_ANSWER):
            self.writer.write(request)
            head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
            _, found, rest = head.partition(b"content-length:")
            body = await self.reader.readexactly(int(rest.partition(b"\r\n")[0])) if found else b""
        if int(head[9:12]) != expected:
            raise UnexpectedAnswerError(f"status {head[9:12].decode()} in place of {expected}: {body[:500]!r}")
        return body

    def close(self) -> None:
        """Hang up."""
        self.writer.close()


async def answers_per_second(
    port: int,
    requests: Iterator[bytes],
    *,
    connections: int,
    seconds: float,
    expected: int = 200,
    containing: bytes = b"",
) -> float:
    """Ask on each connection as soon as it has its answer, for so long; what is under way at the end still counts.

    Raises:
        UnexpectedAnswerError: an answer has not the expected status, or does not contain what it should.
    """
    clients = [await Client.to(port) for _ in range(connections)]
    start = time.perf_counter()
    answered = 0

    async def ask(client: Client) -> None:
        nonlocal answered
        while time.perf_counter() < start + seconds:
            body = await client.send(next(requests), expected)
            if containing not in body:
                raise UnexpectedAnswerError(f"{containing!r} is missing: {body[:500]!r}")
            answered += 1

    try:
        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(ask(client))
        return answered / (time.perf_counter() - start)
    finally:
        for client in clients:
            client.close()
