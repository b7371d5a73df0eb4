"""The benchmarks, played quickly: every answer in them is checked, so that a rate always stands for work done."""

import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]
COMMAND = [sys.executable, "-m", "benchmarks", "--quick", "--seed", "7"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name, so that the database's socket fits into it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        yield Path(name)


def test_all_of_them_run_and_print_their_ratios(folder: Path) -> None:
    played = subprocess.run(
        COMMAND, env={"TMPDIR": str(folder)}, capture_output=True, text=True, check=False, timeout=420
    )
    assert played.returncode == 0, played.stderr
    table = played.stdout.partition("is so many times as fast as this")[2]
    assert re.findall(r"^  ([a-z]+) ", table, re.MULTILINE) == [
        *(
            "lists",
            "callbacks",
            "callbacks",
            "callbacks",
            "accept",
            "accept",
            "accept",
            "bulk",
            "dispatch",
            "claiming",
            "fairness",
            "imports",
            "isolation",
            "isolation",
        ),
        *("identity",) * 4,
        *("live", "live"),
        "dashboard",
        "billing",
    ]
    assert "seed 7" in played.stdout
    assert list(folder.iterdir()) == []


def test_when_stopped_they_stop_their_servers_and_leave_nothing(folder: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "lists"], env={"TMPDIR": str(folder)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as playing:
        assert playing.stdout is not None
        assert any("round 1" in line for line in playing.stdout)
        started = _processes_in(folder)
        playing.send_signal(signal.SIGTERM)
        said = playing.communicate(timeout=60)[1]
    assert (playing.returncode, said) == (1, "stopped\n")
    assert started
    assert _processes_in(folder) == []
    assert list(folder.iterdir()) == []


def test_a_year_of_one_month_and_few_tenants_is_explained_to_the_cent(folder: Path) -> None:
    line = [sys.executable, "-m", "benchmarks.year", "--tenants", "5", "--months", "1", "--seed", "7"]
    played = subprocess.run(line, env={"TMPDIR": str(folder)}, capture_output=True, text=True, check=False, timeout=240)
    assert played.returncode == 0, played.stderr
    last = played.stdout.splitlines()[-1]
    assert re.fullmatch(r"5 tenants, [1-9][0-9]* invoices, 0 cents unexplained \(seed 7\)", last)
    assert list(folder.iterdir()) == []


def test_a_name_that_is_none_is_refused() -> None:
    told = subprocess.run([*COMMAND, "list"], capture_output=True, text=True, check=False, timeout=60)
    assert told.returncode == 2
    assert "there is no benchmark list" in told.stderr


def _processes_in(folder: Path) -> list[str]:
    """The processes that know this folder by their command line or their environment."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                known = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            except OSError:  # it ended meanwhile, or is another user's
                continue
            if str(folder).encode() in known:
                found.append(process.name)
    return found
