"""Puts the simulator together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from portal.clock import Clock, SystemClock
from twilio_gateway.simulator import (
    accounts,
    callbacks,
    calls,
    contents,
    faults,
    inbound,
    lookups,
    messages,
    numbers,
    pricing,
    services,
    told_usage,
    triggers,
    usage,
)
from twilio_gateway.simulator.cut import ConnectionCutError, CutConnection
from twilio_gateway.simulator.ledger import Ledger
from twilio_gateway.simulator.operations import Simulator
from twilio_gateway.simulator.postman import Postman
from twilio_gateway.simulator.settings import SimulatorSettings
from twilio_gateway.simulator.wire import TwilioError

OPERATIONS = (
    *accounts.OPERATIONS,
    *messages.OPERATIONS,
    *calls.OPERATIONS,
    *numbers.OPERATIONS,
    *services.OPERATIONS,
    *usage.OPERATIONS,
    *triggers.OPERATIONS,
    *pricing.OPERATIONS,
    *lookups.OPERATIONS,
    *contents.OPERATIONS,
)


def create_simulator(settings: SimulatorSettings, clock: Clock | None = None) -> Starlette:
    """The application; its state is opened when the server starts it, and closed when the server stops."""
    time = clock or SystemClock()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        ledger = Ledger(settings.state)
        try:
            accounts.open_parent(ledger, settings, time.now().timestamp())
            async with Postman(ledger, settings, time) as postman:
                app.state.simulator = Simulator(
                    settings, time, ledger, postman, faults.Faults(settings.retry_after, settings.slow_answer)
                )
                async with triggers.watching(app.state.simulator):
                    yield
        finally:
            ledger.close()

    return Starlette(
        routes=[
            *(operation.route() for operation in OPERATIONS),
            *inbound.ROUTES,
            *callbacks.ROUTES,
            *calls.ROUTES,
            *told_usage.ROUTES,
            *faults.ROUTES,
        ],
        lifespan=lifespan,
        exception_handlers={
            TwilioError: _error,
            ConnectionCutError: _cut,
            404: _unknown,
            405: _wrong_method,
            Exception: _broken,
        },
    )


async def _error(_: Request, error: Exception) -> Response:
    if not isinstance(error, TwilioError):
        raise error
    return error.response()


async def _cut(_: Request, __: Exception) -> Response:
    return CutConnection()


async def _unknown(_: Request, __: Exception) -> Response:
    return TwilioError(404, 20404).response()


async def _wrong_method(_: Request, __: Exception) -> Response:
    return TwilioError(405, 20004).response()


async def _broken(_: Request, __: Exception) -> Response:
    return TwilioError(500, 20500).response()
