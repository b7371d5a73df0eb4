"""Variants measured in turns, and what comes out of it: ratios, never rates, which say more about the machine."""

import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

_KIB_OF_A_MIB = 1_024
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Turn:
    """How much was done in how long."""

    done: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to do the work; `play` does it for a moment, in the server process `pid` where there is one."""

    name: str
    play: Callable[[], Awaitable[Turn]]
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as fast the first variant was as another one, in each round.

    `by_cpu` says the same of the CPU time that their servers took for each piece of work: what else runs on the machine
    hardly shows in it, and neither does what the database takes.
    """

    benchmark: str
    first: str
    other: str
    rounds: tuple[float, ...]
    by_cpu: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Measured:
    rate: float
    rate_by_cpu: float


def repeating(once: Callable[[], Awaitable[None]], seconds: float) -> Callable[[], Awaitable[Turn]]:
    """Do it again and again for so long, one after the other."""

    async def play() -> Turn:
        done, start = 0, time.perf_counter()
        while time.perf_counter() < start + seconds:
            await once()
            done += 1
        return Turn(done, time.perf_counter() - start)

    return play


async def compare(benchmark: str, variants: Sequence[Variant], rounds: int, say: Say) -> list[Ratio]:
    """Let the variants take turns, so that a noise of the machine meets all; a round for warming up is not counted."""
    table: list[list[_Measured]] = []
    for number in range(rounds + 1):
        row = [await _measure(variant) for variant in variants]
        shown = "  ".join(f"{row[0].rate / other.rate:.2f}" for other in row[1:])
        say(f"{benchmark:<10} {f'round {number} of {rounds}' if number else 'warming up':<14} {shown}")
        if number:
            table.append(row)
    return [
        Ratio(
            benchmark,
            variants[0].name,
            variant.name,
            tuple(row[0].rate / row[place].rate for row in table),
            tuple(row[0].rate_by_cpu / row[place].rate_by_cpu for row in table if variant.pid is not None),
        )
        for place, variant in enumerate(variants[1:], 1)
    ]


async def _measure(variant: Variant) -> _Measured:
    before = cpu_seconds(variant.pid)
    turn = await variant.play()
    return _Measured(turn.done / turn.seconds, turn.done / max(cpu_seconds(variant.pid) - before, 1e-9))


def cpu_seconds(pid: int | None) -> float:
    """The CPU time that a process has taken so far; none without a process."""
    # clock_getcpuclockid(3): a process's CPU clock is numbered by the complement of its id.
    return time.clock_gettime((~pid << 3) | 2) if pid is not None else 0.0


def peak_memory(pid: int | str = "self") -> int:
    """The most memory that a process has held so far, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()  # getrusage(2) would count what this process was forked from
    return int(status.partition("VmHWM:")[2].split()[0]) // _KIB_OF_A_MIB


def show(ratios: Sequence[Ratio], title: str) -> None:
    """Print the table."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("benchmark", "this", "is so many times as fast as this"):
        table.add_column(heading, overflow="fold")
    for heading in ("median", "least", "most", "by CPU"):
        table.add_column(heading, justify="right")
    for ratio in ratios:
        numbers = [statistics.median(ratio.rounds), min(ratio.rounds), max(ratio.rounds)]
        by_cpu = f"{statistics.median(ratio.by_cpu):.2f}" if ratio.by_cpu else "-"
        table.add_row(ratio.benchmark, ratio.first, ratio.other, *(f"{number:.2f}" for number in numbers), by_cpu)
    Console(width=120).print(table)
