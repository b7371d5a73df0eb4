"""What `portal run` tells the person at the terminal."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.home import Home
from api.settings import Settings

_console = Console(highlight=False, soft_wrap=True)
_errors = Console(stderr=True, highlight=False, soft_wrap=True)


def say(what: str, how: str = "") -> None:
    """One line of progress."""
    if how:
        _console.print(f"  {what:<14}", end="", style="cyan")
        _console.print(how, markup=False)
    else:
        _console.print(what, markup=False)


def tell(what: str) -> None:
    """One line of progress beside what goes to standard output."""
    _errors.print(what, style="cyan", markup=False)


def complain(message: str) -> None:
    """What went wrong, on standard error."""
    _errors.print(message, style="red", markup=False)


def say_table(columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> None:
    """A table; numbers stand at the right."""
    table = Table(box=None, pad_edge=False)
    lines = list(rows)
    for place, column in enumerate(columns):
        numbers = all(isinstance(line[place], int) for line in lines)
        table.add_column(column, justify="right" if numbers else "left")
    for line in lines:
        table.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else cell) for cell in line))
    _console.print(table)


def announce(settings: Settings, demo: dict[str, Any] | None, home: Home) -> None:
    """Where to go, who may sign in, and how to get a token."""
    _console.print()
    _console.print(f"{settings.product_name} portal is ready: ", end="", style="bold green", markup=False)
    _console.print(settings.url, style="bold", markup=False)
    _console.print(f"  GraphQL and GraphiQL: {settings.url}/graphql", markup=False)
    if demo is not None:
        _print_demo(demo, home)
    if settings.mail_file:
        _console.print(f"  Mails: {settings.mail_file}", markup=False)
    _console.print(f"  Logs: {home.folder / 'logs'}   Stop: Ctrl-C", markup=False)


def _print_demo(demo: dict[str, Any], home: Home) -> None:
    lines = [("Tenant", "Role", "E-mail", "Password")]
    lines += [(one["tenant"] or "(all)", one["role"], one["email"], one["password"]) for one in demo["accounts"]]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    _console.print("\nDemo accounts", style="bold")
    for line in lines:
        _console.print("  " + "  ".join([*map(str.ljust, line, widths), line[3]]), markup=False)
    _console.print("  The ISV's own need a code besides: their totp_secret is in demo.json, for any authenticator app.")
    client = demo["clients"][0]
    _console.print(f"\nA token for a machine of {client['tenant']}", style="bold", markup=False)
    _console.print(
        f"  curl -s -u '{client['client_id']}:{client['client_secret']}' -d grant_type=client_credentials "
        f"{demo['issuer']}/oauth/token",
        markup=False,
    )
    _console.print(f"\n  All of this: {home.folder / 'demo.json'}", markup=False)
