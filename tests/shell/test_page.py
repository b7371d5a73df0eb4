"""The built page over real HTTP: its files, its addresses, its headers."""

from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from api.page import page_routes
from tests.shell.conftest import Serving

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<title>Portal</title>")
    (dist / "favicon.svg").write_text("<svg/>")
    (dist / "assets" / "app-1a2b3c.js").write_text("console.log(1)")
    (dist / ".built-from").write_text("hash")
    (tmp_path / "secret").write_text("secret")
    return dist


async def test_addresses_of_the_page_answer_its_index_which_is_always_fresh(serving: Serving, dist: Path) -> None:
    async with (
        serving(Starlette(routes=page_routes(dist))) as url,
        httpx2.AsyncClient(base_url=url, timeout=60) as client,
    ):
        for path in ("/", "/index.html", "/contacts", "/messages/0199-abc"):
            answer = await client.get(path, headers=BROWSER)
            assert (answer.status_code, answer.text) == (200, "<title>Portal</title>"), path
            assert answer.headers["cache-control"] == "no-cache"
            assert answer.headers["content-security-policy"] == POLICY
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            again = await client.get(path, headers=BROWSER | {"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.headers["content-security-policy"]) == (304, POLICY)


async def test_built_files_may_be_kept_for_ever_others_not(serving: Serving, dist: Path) -> None:
    async with (
        serving(Starlette(routes=page_routes(dist))) as url,
        httpx2.AsyncClient(base_url=url, timeout=60) as client,
    ):
        built = await client.get("/assets/app-1a2b3c.js")
        assert built.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert built.headers["content-type"].startswith("text/javascript")
        assert built.headers["x-content-type-options"] == "nosniff"
        icon = await client.get("/favicon.svg")
        assert (icon.status_code, icon.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/assets/old-ffffff.js", BROWSER),  # an old page must not take index.html for its script
        ("/unknown.json", {"Accept": "application/json"}),
        ("/.built-from", BROWSER),
        ("/..%2fsecret", {"Accept": "application/json"}),
        ("/%2e%2e/secret", {"Accept": "application/json"}),
        ("/assets/%00", {}),
    ],
)
async def test_what_is_no_file_of_the_page_is_not_found(
    serving: Serving, dist: Path, path: str, headers: dict[str, str]
) -> None:
    async with (
        serving(Starlette(routes=page_routes(dist))) as url,
        httpx2.AsyncClient(base_url=url, timeout=60) as client,
    ):
        answer = await client.get(path, headers=headers)
        assert (answer.status_code, answer.text) == (404, "Not found\n")
        assert answer.headers["content-security-policy"] == POLICY


async def test_a_page_that_is_not_built_says_what_to_do(serving: Serving, tmp_path: Path) -> None:
    app = Starlette(routes=page_routes(tmp_path / "dist"))
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=60) as client:
        answer = await client.get("/", headers=BROWSER)
        assert answer.status_code == 503
        assert answer.text == "The page is not built yet. Run: make page\n(The API works without it.)\n"


async def test_the_page_takes_no_posts(serving: Serving, dist: Path) -> None:
    async with (
        serving(Starlette(routes=page_routes(dist))) as url,
        httpx2.AsyncClient(base_url=url, timeout=60) as client,
    ):
        assert (await client.post("/contacts")).status_code == 405
