"""An installed portal: a PORTAL_HOME and a port, started and stopped as people do it."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx2

from tests.waiting import until

RUN = [sys.executable, "-m", "api.command", "run"]


@dataclass
class Installation:
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
        await until(lambda: b"Stop: Ctrl-C" in self.output.read_bytes() or process.poll() is not None, 120)
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

    def ask(self, document: str, tenant: str = "Falcon Flights") -> dict[str, Any]:
        """Run an operation as the tenant's machine of the demo."""
        client = next(one for one in self.demo()["clients"] if one["tenant"] == tenant)
        with httpx2.Client(base_url=self.url, timeout=60) as http:
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
