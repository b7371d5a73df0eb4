"""Starts the simulator from the command line: `python -m twilio_gateway.simulator`."""

import argparse
import os
import sys
from datetime import timedelta
from pathlib import Path

from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.documentation import document
from twilio_gateway.simulator.server import serve
from twilio_gateway.simulator.settings import SimulatorSettings

TOKEN_VARIABLE = "TWILIO_SIMULATOR_PARENT_TOKEN"  # noqa: S105  a name, no token


def main(arguments: list[str] | None = None) -> int:
    """Read the settings and serve; the exit code."""
    options = _parser().parse_args(arguments)
    if options.table:
        sys.stdout.write(document())
        return 0
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token or not options.parent_sid:
        sys.stderr.write(f"The simulator needs --parent-sid, and the parent's auth token in {TOKEN_VARIABLE}.\n")
        return 2
    settings = SimulatorSettings(
        parent_sid=options.parent_sid,
        parent_token=token,
        state=options.state,
        step_delay=timedelta(seconds=options.step_delay),
        slow_answer=timedelta(seconds=options.slow_answer),
    )
    serve(create_simulator(settings), options.port)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m twilio_gateway.simulator", description="A Twilio on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8010)
    parser.add_argument("--state", type=Path, help="file that keeps the state; without it, it is gone when this ends")
    parser.add_argument("--parent-sid", help="SID of the parent account, AC and 32 hexadecimal digits")
    parser.add_argument("--step-delay", type=float, default=0.4, help="seconds from one status to the next")
    parser.add_argument("--slow-answer", type=float, default=5.0, help="seconds that the slow number takes")
    parser.add_argument("--table", action="store_true", help="print docs/SIMULATOR.md and end")
    return parser


if __name__ == "__main__":
    sys.exit(main())
