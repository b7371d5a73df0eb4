"""Faults by a seed: the same again for the same seed, and none that Twilio's documentation rules out."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from tests.twilio_gateway.conftest import SETTINGS
from tests.twilio_gateway.receiver import Receiver, receiving
from tests.waiting import until
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.server import running

_REPLIES = {"bursts": 3, "fault_before": 10, "fault_after": 10, "cut_before": 10, "cut_after": 10, "slow": 5, "late": 5}
_SHARES = _REPLIES | {"callbacks_lost": 20, "callbacks_twice": 30, "callbacks_late": 30}
_CUT = 0
_MESSAGES = 40


@dataclass(frozen=True)
class Played:
    """What was answered to each message, how often each was made, and what was told of each, in order."""

    answers: list[int]
    made: Counter[str]
    told: dict[str, list[str]]


async def _play(home: Path, receiver: Receiver, seed: int) -> Played:
    ledger = home.with_suffix(".sqlite")
    settings = replace(
        SETTINGS, state=ledger, slow_answer=timedelta(milliseconds=20), step_delay=timedelta(milliseconds=5)
    )
    with running(create_simulator(settings)) as address:
        async with TwilioGateway.open(address) as gateway:
            tenant = await gateway.accounts(SETTINGS.parent_sid, SETTINGS.parent_token).provision("Falcon")
        path = f"/api/2010-04-01/Accounts/{tenant.account_sid}/Messages.json"
        auth = (tenant.account_sid, tenant.auth_token)
        async with httpx2.AsyncClient(base_url=address, auth=auth, trust_env=False, timeout=60) as http:
            assert (await http.post("/simulator/faults", json=_SHARES | {"seed": seed})).status_code == 200
            answers = []
            for place in range(_MESSAGES):
                fields = {"To": "+14155550123", "From": tenant.number, "Body": f"{place}"}
                callback = f"{receiver.address}/{home.name}/{place}"
                try:
                    answer = await http.post(path, data=fields | {"StatusCallback": callback})
                    answers.append(answer.status_code)
                except httpx2.TransportError:
                    answers.append(_CUT)
            await until(lambda: _is_quiet(ledger))
            await http.post("/simulator/faults", json={})
            made = (await http.get(path, params={"PageSize": "1000"})).json()["messages"]
    told: dict[str, list[str]] = {}
    for one in receiver.received:
        _, name, body = one.path.split("/")
        if name == home.name:
            told.setdefault(body, []).append(one.fields["MessageStatus"])
    return Played(answers, Counter(one["body"] for one in made), told)


def _is_quiet(ledger: Path) -> bool:
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        return bool(connection.execute("SELECT count(*) FROM event").fetchone() == (0,))


@pytest.mark.slow
async def test_the_same_seed_makes_the_same_faults_and_what_is_turned_away_was_never_made(tmp_path: Path) -> None:
    async with receiving() as receiver:
        first = await _play(tmp_path / "first", receiver, 9)
        again = await _play(tmp_path / "again", receiver, 9)
    assert (first.answers, first.made) == (again.answers, again.made)
    assert {body: sorted(told) for body, told in first.told.items()} == {
        body: sorted(told) for body, told in again.told.items()
    }
    by_answer = {status: {first.made[f"{place}"] for place, one in enumerate(first.answers) if one == status}
                 for status in set(first.answers)}  # fmt: skip
    assert by_answer == {201: {1}, 429: {0}, 500: {0, 1}, _CUT: {0, 1}}
    counts = Counter(len(told) for told in first.told.values())
    assert max(counts) > 2  # some twice
    assert len(first.told) < first.made.total() or min(counts) < 2  # some never
    assert any(told.index("delivered") < len(told) - 1 for told in first.told.values() if "delivered" in told)


async def test_shares_that_make_no_sense_are_refused_by_name(tmp_path: Path) -> None:
    with running(create_simulator(replace(SETTINGS, state=tmp_path / "ledger"))) as address:
        async with httpx2.AsyncClient(base_url=address, trust_env=False, timeout=60) as http:
            answers = [
                await http.post("/simulator/faults", content=body) for body in (b'{"bursts": 101}', b"no", b'{"x": 1}')
            ]
    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert [answer.json()["message"].partition(":")[0] for answer in answers] == [
        "bursts",
        "It takes a JSON object with seed and shares of a hundred.",
        "x",
    ]
