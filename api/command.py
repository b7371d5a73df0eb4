"""The command `portal`: everything in one go, or its parts apart."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
import uvicorn
from starlette.types import ASGIApp

from api.announcement import complain
from api.applications import applications, keys
from api.audit_command import audit
from api.bill_command import bill
from api.failures import plainly
from api.home import Home, parent_account
from api.listening import PortInUseError, listen
from api.logs import configure_logging
from api.margin_report_command import margin_report
from api.plans_command import plans
from api.rates_command import rates
from api.settings import Settings, SettingsError, load_settings
from api.sockets import SOCKETS
from api.staff_command import staff
from api.supervisor import end_with_supervisor
from api.sweep_command import sweep

_SCHEMA = Path(__file__).parent.parent / "portal_schema" / "schema.graphql"
_SECONDS_TO_FINISH = 5  # what a request that is under way has left when the API stops

portal = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
portal.add_typer(applications, name="applications")
portal.add_typer(keys, name="keys")
portal.add_typer(audit, name="audit")
portal.add_typer(staff, name="staff")
portal.add_typer(rates, name="rates")
portal.add_typer(plans, name="plans")
portal.add_typer(bill, name="bill")
portal.command()(sweep)
portal.command()(margin_report)
Fd = Annotated[int | None, typer.Option("--fd", hidden=True, help="A listening socket that the starter passes on.")]


@portal.command()
def run(
    *,
    end_with_parent: Annotated[bool, typer.Option(help="Stop when the starter ends, as make needs it.")] = False,
) -> None:
    """Run everything on this machine: database, simulator, API, worker, page."""
    from api.run import run as run_all  # noqa: PLC0415  the other commands do not pay for it

    settings = load_settings()
    home = Home(settings.home)
    home.create()
    with home.log("portal").open("a") as log:
        configure_logging("portal", settings.log_format, log)
        plainly(lambda: asyncio.run(run_all(settings, end_with_parent=end_with_parent)), settings, home.log("portal"))


@portal.command()
def serve(fd: Fd = None) -> None:
    """Serve the API and the page."""
    settings = _start("api")
    from api.app import create_app  # noqa: PLC0415  the other commands do not pay for it

    _serve(create_app(settings), settings, fd)


@portal.command()
def worker() -> None:
    """Do the work in the background: send, apply what the provider reports, tidy up."""
    settings = _start("worker")
    from api.worker import run as work  # noqa: PLC0415  the other commands do not pay for it

    plainly(lambda: asyncio.run(_until_stopped(lambda: work(settings))), settings, None)


@portal.command()
def migrate() -> None:
    """Bring the database to the schema of this version."""
    from api.run import migrate_database  # noqa: PLC0415  the other commands do not pay for it

    settings = load_settings()
    if settings.embedded:
        Home(settings.home).create()
    configure_logging("migrate", settings.log_format)
    plainly(lambda: asyncio.run(migrate_database(settings)), settings, None)


@portal.command()
def schema(
    *,
    check: Annotated[bool, typer.Option(help="Only compare with the committed file.")] = False,
    write: Annotated[bool, typer.Option(help="Write the committed file.")] = False,
) -> None:
    """Print the GraphQL schema."""
    from portal_schema.schema import sdl  # noqa: PLC0415  the other commands do not pay for it

    text = sdl()
    if write:
        _SCHEMA.write_text(text)
    elif not check:
        typer.echo(text, nl=False)
    elif text != _SCHEMA.read_text():
        complain("portal_schema/schema.graphql differs from the code. Run: make schema")
        raise typer.Exit(1)


@portal.command()
def simulator() -> None:
    """Run the Twilio simulator alone."""
    settings = _start("simulator")
    from twilio_gateway.simulator.app import create_simulator  # noqa: PLC0415  the other commands do not pay for it
    from twilio_gateway.simulator.server import serve as serve_simulator  # noqa: PLC0415  the same
    from twilio_gateway.simulator.settings import SimulatorSettings  # noqa: PLC0415  the same

    port = urlsplit(settings.simulator_url).port or 0  # the settings see to it that there is one
    _open("127.0.0.1", port).close()
    parent = parent_account(settings)
    told = SimulatorSettings(parent.sid, parent.token.get_secret_value(), state=settings.home / "simulator.sqlite")
    with contextlib.suppress(KeyboardInterrupt):
        serve_simulator(create_simulator(told), port)


def main() -> None:
    """Run the command line: exit 2 for settings that must be mended, 1 for what went wrong."""
    try:
        portal()
    except SettingsError as error:
        complain(str(error))
        sys.exit(2)


def _start(process: str) -> Settings:
    end_with_supervisor()
    settings = load_settings()
    configure_logging(process, settings.log_format)
    return settings


def _serve(app: ASGIApp, settings: Settings, fd: int | None) -> None:
    listening = _open(settings.host, settings.port) if fd is None else socket.socket(fileno=fd)
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,
        access_log=False,  # it would hold query strings; what counts is logged by the application
        proxy_headers=bool(settings.trusted_proxies),  # who asks, for limits; the public address is a setting
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        **SOCKETS,
    )
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        plainly(lambda: server.run(sockets=[listening]), settings, None)


def _open(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except PortInUseError as error:
        raise SettingsError(str(error)) from None


async def _until_stopped(work: Callable[[], Awaitable[None]]) -> None:
    task = asyncio.ensure_future(work())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


if __name__ == "__main__":
    main()
