"""What README.md tells a newcomer to type, typed."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shell.installation import Installation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

README = Path(__file__).parent.parent.parent / "README.md"


def example(language: str) -> str:
    """The README's one example in this language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)
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
