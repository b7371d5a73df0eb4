"""What README.md and docs/LIVE.md tell a newcomer to type, typed."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shell.installation import Installation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

README = Path(__file__).parent.parent.parent / "README.md"
LIVE = README.parent / "docs" / "LIVE.md"


def example(language: str, page: Path = README) -> str:
    """The page's one example in this language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)
    return str(found)


def typed(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_the_first_calls_of_the_readme_work_as_they_stand(installation: Installation, tmp_path: Path) -> None:
    await installation.start()
    (tmp_path / ".portal").symlink_to(installation.home)
    told = json.loads(typed(["sh", "-c", example("sh")], tmp_path))
    assert told["data"]["viewer"]["tenant"] == {"name": "Falcon Flights"}
    assert told["data"]["allowance"]["remaining"] == 250

    (tmp_path / "first_call.py").write_text(example("python"))
    sent = json.loads(typed([sys.executable, "first_call.py"], tmp_path))["messageSend"]
    assert sent["errors"] == []
    assert sent["batch"]["refusals"]["nodes"] == []
    assert [message["status"] for message in sent["batch"]["messages"]["nodes"]] == ["QUEUED"]


async def test_live_updates_are_told_to_who_looks_on_as_they_are_described(
    installation: Installation, tmp_path: Path
) -> None:
    await installation.start()
    (tmp_path / ".portal").symlink_to(installation.home)
    (tmp_path / "first_call.py").write_text(example("python"))
    (tmp_path / "watch.py").write_text(example("python", LIVE))
    by_socket = await _begun(tmp_path, sys.executable, "watch.py")
    by_stream = await _begun(tmp_path, "sh", "-c", example("sh", LIVE))
    try:
        assert json.loads(await _line(by_socket)) == {"allowance": {"remaining": 250}}
        assert await _line(by_stream) == ":"
        typed([sys.executable, "first_call.py"], tmp_path)
        told = {"allowanceChanged": {"remaining": 249}}
        assert json.loads(await _line(by_socket)) == told
        assert [await _line(by_stream) for _ in range(2)] == ["", "event: next"]
        assert json.loads((await _line(by_stream)).removeprefix("data: "))["data"] == told
    finally:
        for process in (by_socket, by_stream):
            process.terminate()
            await process.wait()


async def _begun(folder: Path, *command: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=asyncio.subprocess.PIPE)


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        return (await process.stdout.readline()).decode().removesuffix("\n")
