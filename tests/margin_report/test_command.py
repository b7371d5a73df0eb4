"""`portal margin-report` against the simulator: what it asks, what it writes, and that it changes nothing."""

import asyncio
import csv
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.ledger import Ledger
from twilio_gateway.simulator.server import running
from twilio_gateway.simulator.settings import SimulatorSettings

PARENT, TOKEN = "AC" + "1" * 32, "the-token-of-the-account"
EVIL = '=HYPERLINK("x") & <b>Sons</b>'


@dataclass
class Watched:
    """A simulator behind a log of what it was asked; it turns away every third reading of usage, once."""

    app: ASGIApp
    asked: list[tuple[str, str]] = field(default_factory=list)
    turned_away: set[str] = field(default_factory=set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.asked.append((scope["method"], scope["path"]))
        usage = [path for _, path in self.asked if "/Usage/" in path]
        if "/Usage/" in scope["path"] and len(usage) % 3 == 0 and scope["path"] not in self.turned_away:
            self.turned_away.add(scope["path"])
            headers = [(b"retry-after", b"0"), (b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 429, "headers": headers})
            await send({"type": "http.response.body", "body": b'{"code": 20429, "status": 429}'})
            return
        await self.app(scope, receive, send)


@dataclass
class Provider:
    """An account at the provider as it was before the portal."""

    url: str
    watched: Watched
    state: Path

    def contents(self) -> list[list[tuple[object, ...]]]:
        """All that it keeps of accounts and what they own."""
        ledger = Ledger(self.state)
        try:
            tables = ("account", "api_key", "number", "service", "service_number", "message", "used")
            return [[tuple(row) for row in ledger.rows(f"SELECT * FROM {table}")] for table in tables]  # noqa: S608  names from here
        finally:
            ledger.close()


def _last_month(back: int = 1) -> date:
    month = datetime.now(UTC).date().replace(day=1)
    for _ in range(back):
        month = (month - timedelta(days=1)).replace(day=1)
    return month


_SENT = (("ACa", 1, 250), ("ACc", 2, 200), ("ACc", 1, 1000), (PARENT, 1, 10))  # by whom, months ago, messages


def _fill(state: Path) -> None:
    """Four subaccounts: one sends, one has a number that nobody uses, one sends five times as much all at once."""
    ledger = Ledger(state)
    noon = {back: datetime.combine(_last_month(back), datetime.min.time(), UTC).timestamp() + 43_200 for back in (1, 2)}
    names = {PARENT: "Parent", "ACa": "Falcon Flights", "ACb": "Idle Ibises", "ACc": EVIL, "ACd": "Closed Crows"}
    for sid, name in names.items():
        ledger.insert(
            "account",
            sid=sid,
            owner_sid=PARENT,
            friendly_name=name,
            status="closed" if sid == "ACd" else "active",
            auth_token=f"secret of {sid}" if sid != PARENT else TOKEN,
            created=noon[2],
            updated=noon[2],
        )
    sent = [(sid, back, "sms-outbound", count, count * 7_900) for sid, back, count in _SENT]
    numbers = [(sid, 1, "phonenumbers", 1, 1_150_000) for sid in ("ACa", "ACb")]
    for sid, back, category, count, micros in (*sent, *numbers):
        used = {"account_sid": sid, "day": _last_month(back).isoformat(), "category": category}
        ledger.insert("used", **used, count=count, usage=count, micros=micros, at=noon[back], seen=noon[back])
    ledger.insert("api_key", sid="SKx", account_sid=PARENT, friendly_name="x", secret_sha256=_SHA, created=noon[2])
    ledger.close()


_SHA = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"  # of "secret"


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    state = tmp_path / "simulator.sqlite"
    _fill(state)
    watched = Watched(create_simulator(SimulatorSettings(PARENT, TOKEN, state=state)))
    with running(watched) as url:
        yield Provider(url, watched, state)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the command runs: nothing is in it."""
    made = tmp_path / "here"
    made.mkdir()
    return made


@dataclass
class Ended:
    """How the command ended."""

    code: int
    said: str
    folder: Path

    @property
    def page(self) -> str:
        """What it wrote."""
        return (self.folder / "margin-report.html").read_text(encoding="utf-8")


async def _run(provider: Provider, folder: Path, *line: str, given: str = "", **environment: str) -> Ended:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "api.command", "margin-report", "--months", "2", "--simulator", provider.url, *line),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(Path(__file__).parents[2])}
        | {"PYTHONDONTWRITEBYTECODE": "1"}
        | environment,
    )
    out, _ = await process.communicate(given.encode())
    return Ended(process.returncode or 0, out.decode(), folder)


AS_ACCOUNT = {"TWILIO_ACCOUNT_SID": PARENT, "TWILIO_AUTH_TOKEN": TOKEN}


async def test_it_reads_every_subaccount_and_writes_the_page_and_the_csv(provider: Provider, folder: Path) -> None:
    ended = await _run(provider, folder, "--csv", "report.csv", **AS_ACCOUNT)
    assert ended.code == 0, ended.said
    assert "3 of 3 accounts" in ended.said
    rows = list(csv.DictReader(io.StringIO((ended.folder / "report.csv").read_text(encoding="utf-8"))))
    found = {row["account"]: row for row in rows}
    assert [row["account"] for row in rows] == ["ACc", "ACa", "ACb"]  # what costs most first
    told = {sid: (row["messages"], row["cost"], row["suggested plan"], row["unused"]) for sid, row in found.items()}
    assert told == {
        "ACc": ("1200", "9.48", "Dynamic margin", "no"),  # 9.75; a fixed margin 9.77
        "ACa": ("250", "3.13", "Fixed margin", "no"),  # 250 * 0.0079 + 1.15
        "ACb": ("0", "1.15", "Fixed margin", "yes"),
    }
    assert found["ACc"]["name"] == f"'{EVIL}"
    assert found["ACc"]["spikes"] == f"{_last_month():%Y-%m}"
    assert (found["ACa"]["revenue"], found["ACa"]["gross margin"]) == ("3.22", "0.09")
    assert found["ACa"]["Numbers"] == "1.15"
    assert EVIL not in ended.page
    assert "&lt;b&gt;Sons&lt;/b&gt;" in ended.page
    # The parent's own ten messages are no account's.
    assert "total is $13.83, the accounts come to $13.76" in " ".join(ended.page.split())


async def test_it_asks_by_get_alone_waits_where_told_and_leaves_the_provider_as_it_was(
    provider: Provider, folder: Path
) -> None:
    before = provider.contents()
    ended = await _run(provider, folder, **AS_ACCOUNT)
    assert ended.code == 0, ended.said
    assert {method for method, _ in provider.watched.asked} == {"GET"}
    assert provider.watched.turned_away
    paths = {path.partition("/2010-04-01/Accounts")[2] for _, path in provider.watched.asked}
    read = {f"/{sid}/Usage/Records/Monthly.json" for sid in (PARENT, "ACa", "ACb", "ACc")}
    assert paths == {".json"} | read
    assert provider.contents() == before


async def test_it_writes_nothing_but_the_report_and_no_secret_into_it(provider: Provider, folder: Path) -> None:
    ended = await _run(provider, folder, "--csv", "report.csv", **AS_ACCOUNT)
    assert sorted(one.name for one in ended.folder.rglob("*")) == ["margin-report.html", "report.csv"]
    for text in (ended.said, ended.page, (ended.folder / "report.csv").read_text(encoding="utf-8")):
        assert TOKEN not in text
        assert "secret of" not in text


async def test_what_is_not_set_is_asked_for_and_never_shown(provider: Provider, folder: Path) -> None:
    ended = await _run(provider, folder, given=f"{PARENT}\n{TOKEN}\n")
    assert ended.code == 0, ended.said
    assert TOKEN not in ended.said


async def test_an_api_key_reports_on_the_account_as_a_whole(provider: Provider, folder: Path) -> None:
    key = {"TWILIO_ACCOUNT_SID": PARENT, "TWILIO_API_KEY": "SKx", "TWILIO_API_SECRET": "secret"}
    ended = await _run(provider, folder, **key)
    assert ended.code == 0, ended.said
    assert "The account with all its subaccounts" in ended.page
    assert "total is $13.83, the accounts come to $13.83" in " ".join(ended.page.split())


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"TWILIO_AUTH_TOKEN": "another"}, "Twilio refuses these credentials"),
        ({"TWILIO_ACCOUNT_SID": "SK1"}, "An account SID begins with AC."),
    ],
)
async def test_refused_credentials_are_said_in_one_line(
    provider: Provider, folder: Path, environment: dict[str, str], said: str
) -> None:
    ended = await _run(provider, folder, **(AS_ACCOUNT | environment))
    assert ended.code == 1
    assert said in ended.said
    assert "Traceback" not in ended.said
    assert list(ended.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing", "plans.toml is no TOML"),
        ("", "plans.toml has no plans"),
        ('[[plan]]\nstrategy = "TIER"', "plan 1 has no name"),
        ('[[plan]]\nname = "X"\nstrategy = "TIERS"\ncurrency = "USD"', "plan X, strategy"),
        ('[[plan]]\nname = "X"\nstrategy = "TIER"\ncurrency = "USD"\nfees = 1', "plan X says fees, which no plan has"),
    ],
)
async def test_a_file_of_plans_that_is_none_is_refused_before_anything_is_asked(
    provider: Provider, folder: Path, text: str, said: str
) -> None:
    plans = folder.parent / "plans.toml"
    plans.write_text(text)
    ended = await _run(provider, folder, "--plans", str(plans), **AS_ACCOUNT)
    assert ended.code == 1
    assert said in " ".join(ended.said.split())
    assert provider.watched.asked == []
