"""The page's own usage dashboard, of a tenant with ten million messages against one with a hundred thousand."""

import statistics
from pathlib import Path

from benchmarks.comparing import Ratio, Say
from benchmarks.generated import generated
from benchmarks.lists import access_token, operation
from benchmarks.load import timed
from benchmarks.servers import portal
from benchmarks.stage import Stage

_OPERATION = Path(__file__).parent.parent / "frontend-stub" / "src" / "operations" / "usage.graphql"
_VARIABLES = {"input": {"period": "THIS_MONTH", "bucketSize": "DAY"}, "prices": True}


async def dashboard(stage: Stage, rounds: int, seconds: float, say: Say) -> list[Ratio]:
    """Compare their medians, in turns; one connection each, so that an answer's time is its own."""
    asked = {"query": _OPERATION.read_text(encoding="utf-8"), "variables": _VARIABLES}
    async with generated(stage, say) as made:
        few, many = sorted(made.of_size)
        async with portal(made.of_size[few]) as server:
            requests = [
                operation(asked, await access_token(made.of_size[size], server.port, made.of_size[size].tenant))
                for size in (few, many)
            ]
            found = []
            for number in range(rounds + 1):
                of_few, of_many = [statistics.median(await timed(server.port, one, seconds)) for one in requests]
                say(
                    f"dashboard  {f'round {number} of {rounds}' if number else 'warming up':<14} {of_many / of_few:.2f}"
                )
                if number:
                    found.append(of_many / of_few)
    return [Ratio("dashboard", f"p50 with {few:,} messages", f"p50 with {many:,} messages", tuple(found), ())]
