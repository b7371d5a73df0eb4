"""What a simulator is told when it starts."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """The parent account, where the state is kept, and how fast time goes by."""

    parent_sid: str
    parent_token: str = field(repr=False)
    state: Path | None = None  # None: in memory, gone when it stops
    step_delay: timedelta = timedelta(milliseconds=400)  # from one status of a message to the next
    slow_answer: timedelta = timedelta(seconds=5)  # how long the slow number keeps a request waiting
    retry_after: timedelta = timedelta(seconds=1)  # what a 429 asks for
    trigger_check: timedelta = timedelta(seconds=1)  # how often usage triggers are looked at
    lateness: int = 10  # late callbacks are this many steps late
