"""Variants measured in turns, and what comes out of it: ratios, never rates, which say more about the machine."""

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table

Measure = Callable[[], Awaitable[float]]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to do the work; `rate` does it for a moment and says how much it did in a second."""

    name: str
    rate: Measure


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as fast the first variant was as another one, in each round."""

    benchmark: str
    first: str
    other: str
    rounds: tuple[float, ...]


async def compare(benchmark: str, variants: Sequence[Variant], rounds: int, say: Say) -> list[Ratio]:
    """Let the variants take turns, so that a noise of the machine meets all; a round for warming up is not counted."""
    rates: list[list[float]] = []
    for number in range(rounds + 1):
        rates.append([await variant.rate() for variant in variants])
        ratios = "  ".join(f"{rates[-1][0] / rate:.2f}" for rate in rates[-1][1:])
        say(f"{benchmark:<10} {f'round {number} of {rounds}' if number else 'warming up':<14} {ratios}")
    return [
        Ratio(benchmark, variants[0].name, other.name, tuple(one[0] / one[place] for one in rates[1:]))
        for place, other in enumerate(variants[1:], 1)
    ]


def show(ratios: Sequence[Ratio], title: str) -> None:
    """Print the table."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_lines=False)
    for heading in ("benchmark", "this", "is so many times as fast as this"):
        table.add_column(heading, overflow="fold")
    for heading in ("median", "least", "most"):
        table.add_column(heading, justify="right")
    for ratio in ratios:
        numbers = statistics.median(ratio.rounds), min(ratio.rounds), max(ratio.rounds)
        table.add_row(ratio.benchmark, ratio.first, ratio.other, *(f"{number:.2f}" for number in numbers))
    Console(width=120).print(table)
