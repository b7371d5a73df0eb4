"""The sockets that the portal listens on, and how it asks itself whether it is ready."""

import asyncio
import errno
import json
import socket
from dataclasses import dataclass


class PortInUseError(Exception):
    """Somebody else listens there, or nobody may; the message names the mend."""


def listen(host: str, port: int) -> socket.socket:
    """Open a socket that clients may connect to at once; port 0 is any free one.

    Raises:
        PortInUseError: the port cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PortInUseError(f"HOST {host} is no address of this machine: leave it at 127.0.0.1") from error
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise PortInUseError(_advice(host, port, error)) from error
    return listening


def reserve() -> socket.socket:
    """Keep a free port of this machine for a child: bound without listening, so that the child may listen there."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved


@dataclass(frozen=True, slots=True)
class Answer:
    """What a health address answered."""

    status: int
    body: bytes

    def problems(self) -> str:
        """What is wrong, in the words of /readyz."""
        try:
            problems = json.loads(self.body)["problems"]
            return " ".join(f"{problem['what']} {problem['mend']}" for problem in problems)
        except (ValueError, KeyError, TypeError):
            return f"It answers with status {self.status}."


async def ask(listening: socket.socket, path: str) -> Answer | None:
    """Ask whoever serves this socket; None when nobody does."""
    host, port = listening.getsockname()[:2]
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  how the wildcards are reached
    try:
        reader, writer = await asyncio.open_connection(local, port)
        try:
            writer.write(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            return Answer(int(head.split()[1]), body)
        finally:
            writer.close()
    except (OSError, ValueError, IndexError):
        return None


def _advice(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"PORT {port} is in use by another program: stop that one, or choose another, for example PORT={port + 1}"
        )
    if error.errno == errno.EACCES:
        return f"PORT {port} may not be opened by this user: choose one above 1023, for example PORT=8000"
    return f"HOST {host} is no address of this machine ({error.strerror}): leave it at 127.0.0.1"
