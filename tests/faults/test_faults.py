"""The small one of `make bench-faults`."""

from pathlib import Path

import pytest

from tests.faults.faults import SMALL, play


@pytest.mark.slow
@pytest.mark.timeout(660)
async def test_whatever_fails_and_dies_nothing_is_lost_sent_twice_or_charged_wrongly(tmp_path: Path) -> None:
    said: list[str] = []
    reckoning = await play(tmp_path, 7, SMALL, said.append)
    assert reckoning.problems == [], said
    assert (reckoning.messages, reckoning.is_clean) == (SMALL.messages, True)
