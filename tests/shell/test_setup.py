"""The set-up script: what is made again, and when, in a small checkout of its own."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "setup.py"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a page of one file, and a lock that no registry can satisfy."""
    for folder in ("tools", "requirements", "portal_schema", "frontend-stub/src"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(SCRIPT, tmp_path / "tools")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'small'\n")
    (tmp_path / "requirements" / "portal.txt").write_text("no-hash==1.0\n")
    (tmp_path / "requirements" / "page.txt").write_text("no-hash==1.0\n")
    (tmp_path / "portal_schema" / "schema.graphql").write_text("type Query { a: Int }\n")
    (tmp_path / "frontend-stub" / "package-lock.json").write_text("{}")
    (tmp_path / "frontend-stub" / "src" / "main.ts").write_text("1\n")
    return tmp_path


@pytest.fixture
def setup(checkout: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("checkout_setup", checkout / "tools" / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def program(folder: Path, name: str, says: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho {says}\n")
    (folder / name).chmod(0o755)


def test_the_page_is_built_again_when_a_source_or_the_schema_changed(setup: ModuleType, checkout: Path) -> None:
    page = checkout / "frontend-stub"
    assert not setup.page_is_built()
    (page / "dist").mkdir()
    setup.page_stamp().write_text(setup.page_digest())
    assert setup.page_is_built()
    for made in ("dist/index.html", "node_modules/a/b.js", "src/generated/operations.ts"):
        (page / made).parent.mkdir(parents=True, exist_ok=True)
        (page / made).write_text("made")
    assert setup.page_is_built()
    (page / "src" / "main.ts").write_text("2\n")
    assert not setup.page_is_built()
    (page / "src" / "main.ts").write_text("1\n")
    assert setup.page_is_built()
    (checkout / "portal_schema" / "schema.graphql").write_text("type Query { b: Int }\n")
    assert not setup.page_is_built()


@pytest.mark.parametrize(
    ("version", "expected"),
    [("v22.0.0", "serves"), ("v24.19.0", "serves"), ("v20.20.2", "is too old"), ("gone", "fails")],
)
def test_the_machines_own_node_serves_from_22_on(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, expected: str
) -> None:
    program(tmp_path / "own", "node", version)
    program(tmp_path / "own", "npm", "11.0.0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'own'}:/usr/bin:/bin")
    assert setup.own_node_serves() is (expected == "serves")


def test_node_without_npm_does_not_serve(setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "own", "node", "v24.0.0")
    monkeypatch.setenv("PATH", str(tmp_path / "own"))
    assert setup.own_node_serves() is False


@pytest.mark.slow
def test_an_interrupted_installation_is_begun_anew_and_a_failed_one_shows_what_pip_said(checkout: Path) -> None:
    program(checkout / "own", "node", "v24.0.0")
    program(checkout / "own", "npm", "11.0.0")
    environment = os.environ | {"PATH": f"{checkout / 'own'}:{os.environ['PATH']}"}

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(checkout / "tools" / "setup.py"), "run"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    first = run()
    assert first.returncode == 1
    assert "[1/5] Virtual environment: Python 3." in first.stdout
    assert "[2/5] Python packages: 1, pinned by hash (requirements/portal.txt)" in first.stdout
    assert "no-hash" in first.stdout
    assert "This failed: " in first.stderr
    assert "Traceback" not in first.stderr
    assert (checkout / ".venv" / "installed").read_text() == "unfinished"
    (checkout / ".venv" / "half-installed").write_text("")
    second = run()
    assert "[1/5] Virtual environment: Python 3." in second.stdout
    assert not (checkout / ".venv" / "half-installed").exists()


def test_what_is_installed_already_is_not_installed_again(
    setup: ModuleType, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to(sys.executable)
    lock, project = checkout / "requirements" / "page.txt", checkout / "pyproject.toml"
    interpreter = os.path.realpath(sys.executable)
    setup.STAMP.write_text(f"page {setup.digest([lock, project], str(checkout), interpreter)}")
    setup.install("page")
    setup.install("portal")  # the higher level holds the lower one
    assert capsys.readouterr().out == ""
    lock.write_text("other==1.0\n")
    with pytest.raises(SystemExit):
        setup.install("portal")
    assert "(requirements/page.txt)" in capsys.readouterr().out
