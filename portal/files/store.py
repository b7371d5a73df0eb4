"""Where files lie: a folder, or a bucket of an S3-compatible store."""

from collections.abc import AsyncIterator, Iterator
from functools import cached_property
from pathlib import Path

import obstore
from obstore.store import LocalStore, S3Store

_PART = 5 * 1024 * 1024  # the least that S3 takes as a part; as much is held in memory while a file arrives
_READ_AT_ONCE = 256 * 1024


class FileStore:
    """Files by their paths: a file is there whole, or not at all."""

    def __init__(self, url: str | None, folder: Path) -> None:
        self._url = url
        self._folder = folder

    @cached_property
    def _store(self) -> LocalStore | S3Store:
        """The bucket of `s3://bucket/prefix`, or without a URL the folder, which is made on its first use.

        Region, keys and the address of the service are read from the environment, by the names that all of S3's
        clients know: AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL.
        """
        if self._url is not None:
            return S3Store.from_url(self._url)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return LocalStore(self._folder)

    async def write(self, path: str, chunks: AsyncIterator[bytes]) -> None:
        """Write a file as it arrives; where `chunks` raises there is none afterwards."""
        await obstore.put_async(self._store, path, chunks, use_multipart=True, chunk_size=_PART, max_concurrency=1)

    def read(self, path: str, size: int) -> Iterator[bytes]:
        """The file in pieces, for a thread: each is asked for by itself, so that a reader may take its time.

        Raises:
            FileNotFoundError: there is none.
        """
        for start in range(0, size, _READ_AT_ONCE):
            end = min(start + _READ_AT_ONCE, size)
            yield bytes(obstore.get_range(self._store, path, start=start, end=end))

    async def delete(self, path: str) -> None:
        """Delete a file; it is no matter whether it was there."""
        try:
            await obstore.delete_async(self._store, path)
        except FileNotFoundError:  # a bucket says nothing, a folder does
            return
