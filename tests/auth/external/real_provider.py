"""The npm package oidc-provider, served on loopback: a certified provider that nobody here wrote."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from auth.external.settings import ProviderSettings
from tests.node import MODULES, node_or_skip

_SCRIPT = Path(__file__).with_name("provider.mjs")


@dataclass(frozen=True, slots=True)
class RealProvider:
    """The served provider."""

    issuer: str

    async def registration(self, redirect_uri: str) -> ProviderSettings:
        """Register a client (RFC 7591)."""
        told = await self._post("/reg", {"redirect_uris": [redirect_uri], "client_name": "The portal"})
        return ProviderSettings(self.issuer, told["client_id"], told["client_secret"], "Falcon ID")

    async def rotate(self, *, withdraw: bool = False) -> None:
        """Sign with a new key from now on; the old ones stay published unless they are withdrawn."""
        await self._post("/control/rotate?withdraw" if withdraw else "/control/rotate", {})

    async def _post(self, path: str, body: dict[str, object]) -> dict[str, str]:
        async with httpx2.AsyncClient(base_url=self.issuer, trust_env=False, timeout=60) as http:
            answer = await http.post(path, json=body)
        assert answer.is_success, answer.text
        told: dict[str, str] = answer.json() if answer.content else {}
        return told


@contextmanager
def serving_provider() -> Iterator[RealProvider]:
    """Serve it for as long as the context lasts."""
    command = [node_or_skip(), str(_SCRIPT), str(MODULES)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PORT": "0"}) as process:
        assert process.stdout
        issuer = process.stdout.readline().strip()
        assert issuer.startswith("http://127.0.0.1:"), "the provider did not start"
        try:
            yield RealProvider(issuer)
        finally:
            process.terminate()
