"""The audits of the npm package graphql-http, against the running endpoint."""

import asyncio
import json
from pathlib import Path

import pytest
import strawberry

from portal_schema.schema import schema as portal_schema
from tests.graphql_endpoint.conftest import Serve
from tests.graphql_endpoint.shop import schema
from tests.node import MODULES, node_or_skip


@pytest.mark.parametrize("audited", [schema, portal_schema], ids=["test schema", "portal's schema"])
async def test_all_sixty_one_audits_of_graphql_over_http_pass(serve: Serve, audited: strawberry.Schema) -> None:
    node = node_or_skip()
    shop = await serve(schema=audited)
    script = Path(__file__).with_name("audits.mjs")
    ran = await asyncio.create_subprocess_exec(
        node, str(script), str(MODULES), shop.url, "auditor", stdout=asyncio.subprocess.PIPE
    )
    told, _ = await ran.communicate()
    assert ran.returncode == 0
    results = json.loads(told)
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61
