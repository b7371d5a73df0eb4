"""Verifying a trail: every digest, link, signature and number again, and what is wrong in words. Pure."""

from collections.abc import Iterator
from uuid import UUID

from portal.audit.chain import (
    BEGINNING,
    Checkpoint,
    Ending,
    Entry,
    Record,
    Seal,
    erasure_statement,
    hash_of,
    signed_by,
)
from portal.audit.entries import ERASABLE, content_digest_of, digest_of
from portal.encryption import Signer


class Verification:
    """Takes the records of one tenant's trail in their order, and finds what was changed, removed or put in."""

    def __init__(self, signer: Signer, tenant_id: UUID) -> None:
        self._signer = signer
        self._tenant_id = tenant_id
        self._number = 0
        self._hash = BEGINNING
        self._waiting: list[Entry] = []  # for the seal that comes behind them
        self._ended = False
        self.entries = 0
        self.erased = 0
        self.seals = 0
        self.unsealed = 0

    def take(self, record: Record) -> Iterator[str]:
        """What is wrong with this record, or with its place."""
        if self._ended:
            yield "a record stands behind the end of the export"
        if isinstance(record, Entry):
            yield from self._take_entry(record)
        elif isinstance(record, Seal):
            yield from self._take_seal(record)
        elif isinstance(record, Checkpoint):
            yield from self._take_checkpoint(record)
        else:
            yield from self._take_ending(record)

    def finish(self, *, exported: bool = False) -> Iterator[str]:
        """What is wrong with the trail as a whole, once all of it was taken; that of an export has an ending."""
        yield from self._unseal()
        if exported and not self._ended:
            yield "the end is missing: the file was cut off"
        if self._number and not self.seals:
            yield f"seal {self._number + 1} is missing: the newest seal is never deleted, but there is none"

    def _take_entry(self, entry: Entry) -> Iterator[str]:
        self.entries += 1
        self._waiting.append(entry)
        where = f"entry {entry.id}"
        if entry.content["tenant_id"] != self._tenant_id:
            yield f"{where}: it belongs to another tenant"
        if digest_of(entry.content, entry.content_digest) != entry.digest:
            yield f"{where}: it was changed: it is not what its digest was made of"
        if entry.salt is not None:
            if content_digest_of(entry.content, entry.salt) != entry.content_digest:
                yield f"{where}: its {', '.join(ERASABLE)} or its salt was changed: they do not have its content digest"
            if entry.erased_at is not None or entry.erasure_signature is not None:
                yield f"{where}: it says that it was erased, but it was not"
            return
        self.erased += 1
        if entry.erased_at is None or entry.erasure_signature is None:
            yield f"{where}: its salt was removed, but not by an erasure"
        elif not self._signer.has_signed(
            erasure_statement(self._tenant_id, entry.id, entry.digest, entry.erased_at), entry.erasure_signature
        ):
            yield f"{where}: it says that it was erased, but the portal did not sign that"
        if any(entry.content[name] is not None for name in ERASABLE):
            yield f"{where}: it was erased, but holds {', '.join(ERASABLE)} again"

    def _take_seal(self, seal: Seal) -> Iterator[str]:
        self.seals += 1
        where = f"seal {seal.number}"
        if seal.number <= self._number:
            yield f"{where}: it stands behind seal {self._number}"
        elif seal.number > self._number + 1:
            yield f"{_missing(self._number + 1, seal.number - 1)}: after {self._latest()} comes seal {seal.number}"
        elif seal.previous_hash != self._hash:
            yield f"{where}: it does not go on from {self._latest()}: one of the two was changed"
        own = []
        for entry in self._waiting:
            if entry.seal_number == seal.number:
                own.append(entry.digest)
            else:
                yield f"entry {entry.id}: it says seal {entry.seal_number}, but stands with seal {seal.number}"
        self._waiting.clear()
        if len(own) != seal.entries:
            yield f"{where}: it sealed {seal.entries} entries, but there are {len(own)}: one was removed or put in"
        elif hash_of(seal.tenant_id, seal.number, seal.previous_hash, own, sealed_at=seal.sealed_at) != seal.hash:
            yield f"{where}: its hash is not that of its entries: it was changed, or an entry was exchanged"
        if seal.tenant_id != self._tenant_id or not self._signer.has_signed(signed_by(seal), seal.signature):
            yield f"{where}: its signature is not the portal's: it was changed, or made with another secret"
        self._number, self._hash = seal.number, seal.hash

    def _take_checkpoint(self, checkpoint: Checkpoint) -> Iterator[str]:
        where = f"checkpoint {checkpoint.number}"
        yield from self._unseal()
        if checkpoint.number <= self._number:
            yield f"{where}: it stands behind seal {self._number}"
        if checkpoint.tenant_id != self._tenant_id or not self._signer.has_signed(
            signed_by(checkpoint), checkpoint.signature
        ):
            yield f"{where}: its signature is not the portal's: it was changed, or made with another secret"
        self._number, self._hash = checkpoint.number, checkpoint.hash

    def _take_ending(self, ending: Ending) -> Iterator[str]:
        self._ended = True
        yield from self._unseal()
        if (ending.number, ending.hash) != (self._number, self._hash):
            yield f"the end: the export went up to seal {ending.number}, but the file ends with {self._latest()}"
        if ending.entries != self.entries:
            yield f"the end: the export had {ending.entries} entries, but the file has {self.entries}"
        if ending.tenant_id != self._tenant_id or not self._signer.has_signed(signed_by(ending), ending.signature):
            yield "the end: its signature is not the portal's: it was changed, or made with another secret"

    def _unseal(self) -> Iterator[str]:
        """What waits for a seal that does not come is not sealed yet, unless it says another thing."""
        for entry in self._waiting:
            if entry.seal_number is None:
                self.unsealed += 1
            else:
                yield f"entry {entry.id}: seal {entry.seal_number}, which it says it is in, is missing"
        self._waiting.clear()

    def _latest(self) -> str:
        if not self._number:
            return "the beginning"
        return f"seal {self._number}" if self.seals else f"checkpoint {self._number}"


def _missing(first: int, last: int) -> str:
    return f"seal {first} is missing" if first == last else f"seals {first} to {last} are missing"
