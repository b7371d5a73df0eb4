"""The whole product as `make run` starts it, and a browser of its own for each test."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.page.visitor import DemoPortal, Visitor
from tests.serving import free_port

_QUIET = (
    "--no-sandbox",  # as root in a container Chromium has no sandbox to offer
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NewVisitor = Callable[..., Awaitable[Visitor]]


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoPortal]:
    """The product with its demo data, the same for all tests of a worker."""
    home = tmp_path_factory.mktemp("portal")
    with free_port() as taken:
        port = taken.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    running = subprocess.Popen(
        [Path(sys.executable).with_name("portal"), "run"],
        # A test's own receiver of webhooks stands on this machine.
        env={**kept, "PORTAL_HOME": str(home), "PORT": str(port), "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert running.stdout is not None
    try:
        told = []
        for line in running.stdout:
            told.append(line)
            if "Logs:" in line:
                break
        else:
            pytest.fail("The portal did not start:\n" + "".join(told))
        demo = json.loads((home / "demo.json").read_text())
        yield DemoPortal(demo["url"], demo, home / "mail.txt")
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=30)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium, Debian's own."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("These tests need Chromium: apt-get install chromium, or name one in CHROMIUM")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=_QUIET)
        try:
            yield browser
        finally:
            await browser.close()


@pytest.fixture
def new_visitor(browser: Browser, portal: DemoPortal) -> NewVisitor:
    """Makes a visitor; the options are those of a Playwright context, such as color_scheme."""

    async def make(**options: object) -> Visitor:
        context = await browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})  # type: ignore[arg-type]  # Playwright's own names
        context.set_default_timeout(15_000)
        return Visitor(await context.new_page(), portal)

    return make


@pytest.fixture
async def visitor(new_visitor: NewVisitor) -> Visitor:
    """A visitor with an ordinary screen."""
    return await new_visitor()
