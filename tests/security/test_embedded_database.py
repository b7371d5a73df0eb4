"""The embedded database is reached by this user alone, and its log quotes nobody."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from portal.database.address import DatabaseAddress
from portal.database.embedded import EmbeddedPostgres, EmbeddedServerError


def test_a_link_in_place_of_the_socket_folder_is_refused(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home") / ("long" * 20)  # its socket lies in the folder for temporary files
    server = EmbeddedPostgres(home)
    folder = Path(server.address().host)
    assert not folder.is_relative_to(home)
    folder.symlink_to(tmp_path, target_is_directory=True)  # today a folder of ours, tomorrow another's
    try:
        with pytest.raises(EmbeddedServerError, match="Others may enter"):
            asyncio.run(server.start())
        assert not home.exists()
        assert list(tmp_path.iterdir()) == []
    finally:
        folder.unlink()


async def test_its_log_leaves_out_the_details_which_quote_rows(superuser: DatabaseAddress) -> None:
    connection = await asyncpg.connect(**superuser.credentials())
    try:
        assert await connection.fetchval("SHOW log_error_verbosity") == "terse"
        assert await connection.fetchval("SHOW log_parameter_max_length_on_error") == "0"
        assert await connection.fetchval("SHOW log_statement") == "none"
    finally:
        await connection.close()
