"""`portal run`, the whole product: started, used, stopped, killed, and started again on yesterday's data."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx2
import pytest

from api.listening import listen
from tests.shell.conftest import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

RUN = [sys.executable, "-m", "api.command", "run"]


@dataclass
class Product:
    """A PORTAL_HOME and a port, and the portal that runs there."""

    home: Path
    port: int
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PORTAL_HOME": str(self.home), "PORT": str(self.port)}

    @property
    def output(self) -> Path:
        return self.home.with_suffix(".out")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, command: list[str] | None = None) -> float:
        """Start it, wait until it says that it is ready; the seconds that took."""
        begun = time.monotonic()
        with self.output.open("wb") as output:
            self.started.append(self.popen(command or RUN, output))
        process = self.started[-1]
        await until(lambda: b" is ready: " in self.output.read_bytes() or process.poll() is not None, 120)
        assert process.poll() is None, self.output.read_text()
        return time.monotonic() - begun

    def popen(self, command: list[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=self.environment, stdout=output, stderr=output, start_new_session=True)

    def again(self) -> subprocess.CompletedProcess[str]:
        """What a second start beside the running one says."""
        return subprocess.run(RUN, env=self.environment, capture_output=True, text=True, check=False, timeout=60)

    def stop(self, how: int = signal.SIGINT) -> int:
        self.started[-1].send_signal(how)
        return self.started[-1].wait(60)

    def pids(self) -> dict[int, str]:
        """All processes of this PORTAL_HOME, by what they do."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                ours = f"PORTAL_HOME={self.home}\0".encode() in (process / "environ").read_bytes()
                dead = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
                words = (process / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if ours and not dead:
                found[int(process.name)] = words[3] if "api.command" in words else words[0].rpartition("/")[2]
        return found

    def pid(self, what: str) -> int:
        """The process that does this."""
        if what == "postgres":
            return int((self.home / "postgresql-18" / "postmaster.pid").read_text().split("\n", 1)[0])
        return next(pid for pid, does in self.pids().items() if does == what)

    def demo(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.home / "demo.json").read_text())
        return told

    def ask(self, document: str) -> dict[str, Any]:
        """Run an operation as the first machine of the demo."""
        client = self.demo()["clients"][0]
        with httpx2.Client(base_url=self.url) as http:
            token = http.post(
                "/oauth/token",
                data={"grant_type": "client_credentials"},
                auth=(client["client_id"], client["client_secret"]),
            ).json()["access_token"]
            answer = http.post("/graphql", json={"query": document}, headers={"Authorization": f"Bearer {token}"})
        data: dict[str, Any] = answer.json()["data"]
        return data

    def works(self) -> bool:
        """Whether an operation through all layers succeeds."""
        try:
            return bool(self.ask("{ contacts(first: 1) { edges { node { id } } } }")["contacts"]["edges"])
        except (httpx2.HTTPError, ValueError, KeyError, TypeError):
            return False

    def ready(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx2.HTTPError:
            return False


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    product = Product(tmp_path / "home", port)
    yield product
    for process in product.started:
        if process.poll() is None:
            process.terminate()
            process.wait(60)
    for pid in product.pids():  # what a failed test left
        os.kill(pid, signal.SIGKILL)


async def test_a_stopped_portal_leaves_no_process_and_finds_its_data_again(product: Product) -> None:
    await product.start()
    demo = product.demo()
    assert stat.S_IMODE((product.home / "demo.json").stat().st_mode) == 0o600
    assert list(demo) == ["url", "graphql", "issuer", "accounts", "clients"]
    assert demo["graphql"] == f"http://localhost:{product.port}/graphql"
    roles = ["OWNER", "ADMINISTRATOR", "DEVELOPER", "BILLING_MANAGER", "SUPPORT"]
    by_tenant = {
        tenant: [one["role"] for one in demo["accounts"] if one["tenant"] == tenant]
        for tenant in ("Falcon Flights", "Freestyle Falcons", None)
    }
    assert by_tenant == {"Falcon Flights": roles, "Freestyle Falcons": roles, None: ["ISV_SUPPORT", "ISV_OPERATOR"]}
    assert {client["tenant"] for client in demo["clients"]} == {"Falcon Flights", "Freestyle Falcons"}
    printed = product.output.read_text()
    assert all(one["password"] in printed for one in demo["accounts"])
    assert demo["clients"][0]["client_secret"] in printed
    made = product.ask(
        'mutation { contactCreate(input: {number: "+12025550142", name: "Yesterday"}) { contact { id } } }'
    )
    contact = made["contactCreate"]["contact"]["id"]

    assert product.stop(signal.SIGINT) == 0
    assert product.pids() == {}

    seconds = await product.start()
    assert seconds < 20
    assert product.demo() == demo
    assert product.ask(f'{{ contact(id: "{contact}") {{ name }} }}') == {"contact": {"name": "Yesterday"}}
    assert product.stop(signal.SIGTERM) == 0
    assert product.pids() == {}


async def test_each_part_that_is_killed_comes_back(product: Product) -> None:
    await product.start()
    for part in ("serve", "worker", "simulator", "postgres"):
        killed = product.pid(part)
        os.kill(killed, signal.SIGKILL)

        def replaced(part: str = part, killed: int = killed) -> bool:
            try:
                return product.pid(part) != killed
            except (StopIteration, OSError, ValueError):
                return False

        await until(replaced, 30)
        await until(product.works, 30)
    assert product.stop() == 0
    assert product.pids() == {}


async def test_a_killed_portal_blocks_nothing(product: Product) -> None:
    await product.start()
    demo = product.demo()
    product.stop(signal.SIGKILL)
    await product.start()  # at once: children of the killed one may still be ending, its PostgreSQL runs on
    assert product.demo() == demo
    for pid in product.pids():
        os.kill(pid, signal.SIGKILL)
    product.started[-1].wait(10)
    await product.start()
    assert product.demo() == demo
    assert product.stop() == 0
    assert product.pids() == {}


async def test_it_ends_with_a_starter_that_is_killed(product: Product) -> None:
    command = f"{' '.join(RUN)} --end-with-parent; exit"
    await product.start(["/bin/sh", "-c", command])
    product.stop(signal.SIGKILL)
    await product.start()  # waits for the one that is stopping
    assert product.stop() == 0
    assert product.pids() == {}


async def test_a_second_portal_in_the_same_home_is_told_about_the_first(product: Product) -> None:
    await product.start()
    second = product.again()
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == (
        f"The portal is already running here (process {product.started[-1].pid}, http://localhost:{product.port}). "
        "Stop that one, or set another PORTAL_HOME and PORT.\n"
    )
    assert product.ready()


async def test_a_port_in_use_is_said_before_anything_starts(product: Product) -> None:
    with socket.create_server(("127.0.0.1", product.port)):
        refused = product.again()
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        f"PORT {product.port} is in use by another program: stop that one, or choose another, "
        f"for example PORT={product.port + 1}\n"
    )
    assert product.pids() == {}
    assert not (product.home / "postgresql-18").exists()
