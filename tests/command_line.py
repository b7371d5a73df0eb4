"""The command `portal` as an operator types it."""

import asyncio
import os
import sys
from collections.abc import Mapping


async def typed(settings: Mapping[str, str], *line: str) -> tuple[int, str]:
    """How a command ended that knows nothing but these settings, and all that it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "api.command", *line),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], **settings},
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()
