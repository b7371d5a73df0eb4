"""A database's address, as a URL and as the driver takes it."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit


class AddressError(ValueError):
    """The text is no address of a PostgreSQL database."""


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """Where a database is and who connects; `host` is a folder for a Unix socket."""

    host: str
    port: int
    user: str
    database: str
    password: str | None = field(default=None, repr=False)
    sslmode: str | None = None

    @classmethod
    def parse(cls, url: str) -> "DatabaseAddress":
        """Read `postgresql://user:password@host:port/name?sslmode=…` (a socket folder goes into `?host=`).

        Raises:
            AddressError: the text says something else.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or 5432
        except ValueError as error:
            raise AddressError("the port is no number") from error
        if parts.scheme not in {"postgresql", "postgres"}:
            raise AddressError("it has to start with postgresql://")
        query = parse_qs(parts.query)
        host = query.get("host", [unquote(parts.hostname or "")])[0]
        database = unquote(parts.path.lstrip("/"))
        if not host or not database or not parts.username:
            raise AddressError("it has to name a user, a host and a database: postgresql://user@host:5432/name")
        password = unquote(parts.password) if parts.password else None
        return cls(host, port, unquote(parts.username), database, password, query.get("sslmode", [None])[0])

    @classmethod
    def on_socket(cls, folder: Path, user: str, database: str) -> "DatabaseAddress":
        """The database of a server that listens in this folder only."""
        return cls(str(folder), 5432, user, database)

    def to(self, *, user: str | None = None, database: str | None = None) -> "DatabaseAddress":
        """The same server for another user or database."""
        return replace(self, user=user or self.user, database=database or self.database)

    def url(self) -> str:
        """The address as a URL that `parse` reads back; it holds the password, so keep it out of logs."""
        secret = f":{quote(self.password, safe='')}" if self.password else ""
        query = f"?host={quote(self.host, safe='')}" if self.host.startswith("/") else ""
        if self.sslmode:
            query += f"{'&' if query else '?'}sslmode={self.sslmode}"
        place = "" if self.host.startswith("/") else f"{self.host}:{self.port}"
        return f"postgresql://{quote(self.user, safe='')}{secret}@{place}/{quote(self.database, safe='')}{query}"

    def credentials(self) -> dict[str, object]:
        """The keyword arguments that asyncpg and Tortoise take."""
        given: dict[str, object] = {"host": self.host, "port": self.port, "user": self.user, "database": self.database}
        if self.password:
            given["password"] = self.password
        if self.sslmode:
            given["ssl"] = self.sslmode
        return given
