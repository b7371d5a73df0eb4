"""`python -m tests.faults.program api|worker|simulator`: what `portal` starts, by a clock that all of them share."""

import asyncio
import contextlib
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from api.app import create_app
from api.listening import listen
from api.logs import configure_logging
from api.settings import Settings, load_settings
from api.sockets import SOCKETS
from api.supervisor import end_with_supervisor
from api.worker import run
from tests.faults.shared_clock import SharedClock
from tests.product import PARENT
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.server import serve
from twilio_gateway.simulator.settings import SimulatorSettings

CLOCK = "FAULTS_CLOCK"
STATE = "FAULTS_LEDGER"
_SLOW = timedelta(seconds=11)  # longer than the gateway waits


def _api(settings: Settings, clock: SharedClock) -> None:
    app = create_app(settings, clock=clock)
    server = uvicorn.Server(uvicorn.Config(app, lifespan="on", log_config=None, access_log=False, **SOCKETS))
    server.run(sockets=[listen(settings.host, settings.port)])


async def _work(settings: Settings, clock: SharedClock) -> None:
    working = asyncio.ensure_future(run(settings, clock=clock))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await working


def _simulate(settings: Settings, clock: SharedClock) -> None:
    told = SimulatorSettings(PARENT.parent_sid, PARENT.parent_token, state=Path(os.environ[STATE]), slow_answer=_SLOW)
    serve(create_simulator(told, clock), urlsplit(settings.simulator_url).port or 0)


def main(name: str) -> None:
    """Run one of them until it is ended."""
    end_with_supervisor()
    settings, clock = load_settings(), SharedClock(Path(os.environ[CLOCK]))
    configure_logging(name, settings.log_format)
    if name == "api":
        _api(settings, clock)
    elif name == "simulator":
        _simulate(settings, clock)
    else:
        asyncio.run(_work(settings, clock))


if __name__ == "__main__":
    main(sys.argv[1])
