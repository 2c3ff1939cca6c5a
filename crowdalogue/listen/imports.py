"""Files of past messages through the same filing: looked at, confirmed, then run and resumed batch by batch.

inspect   what the file is, which column means what, a preview, and what will be odd about it
begin     the import as a row; it waits for a worker, or for a person to confirm the columns
run       files it from where it stands; the position is saved with the rows it covers
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from crowdalogue import live
from crowdalogue.channels import channel_kinds
from crowdalogue.channels.base import Incoming
from crowdalogue.errors import Failure
from crowdalogue.listen import runs
from crowdalogue.listen.files import columns as meaning
from crowdalogue.listen.files.inspection import Inspection, inspect
from crowdalogue.listen.files.mapper import Key, Mapper, NotFiled, Seen, storable
from crowdalogue.listen.files.readers import Row, Table, Unreadable, open_table
from crowdalogue.listen.files.sniff import Form
from crowdalogue.listen.filing import Filed
from crowdalogue.models import Account, Brand, Import, ImportFailure, Message, User
from crowdalogue.text.table import Stream, write_csv

__all__ = [
    "Inspection",
    "begin",
    "failures_csv",
    "inspect",
    "path_of",
    "require_text",
    "resume",
    "run",
    "stop",
]

BATCH = 250  # rows a transaction: about 60 ms of the store's write lock; 1,000 are a fifth quicker and four times that
KEPT_FAILURES = 100_000  # rows kept with their reason; all are counted

Progress = Callable[[int, int | None, dict[str, Any]], None]


class Filer(Protocol):
    def __call__(self, account: Account, items: Sequence[Incoming], *, bulk: bool = ...) -> Filed: ...


# --- The import as a row


def begin(
    path: str | Path,
    name: str = "",
    *,
    user: User | None = None,
    mapping: Mapping[str, Any] | None = None,
    account: Account | None = None,
    brand: Brand | None = None,
    confirmed: bool = True,
) -> Import:
    """Make the row of an import. Unconfirmed it is a draft for a person to look at; else it waits for a worker.

    `mapping` overrules what is recognised; `account` and `brand` say where everything goes. Raises `Failure`.
    """
    path = Path(path)
    chosen = dict(mapping or {})
    if account:
        chosen["account"] = account.pk
    if brand:
        chosen["brand"] = brand.name
    look = inspect(path, name, chosen)
    if confirmed:
        require_text(look)
    return Import.objects.create(
        user=user,
        name=(name or path.name)[:255],
        path=stored(path),
        size=path.stat().st_size,
        rows=look.rows,
        mapping=look.mapping,
        state=Import.State.WAITING if confirmed else Import.State.DRAFT,
    )


def require_text(look: Inspection) -> None:
    if "text" not in look.mapping["fields"]:
        raise Failure(
            f"No column looks like the text of a message. Columns are: {', '.join(look.columns)[:300]}. "
            "Say which one it is, or rename it to text."
        )


def stored(path: Path) -> str:
    """Files under the home's `imports` are kept by name, so that a home can be moved."""
    folder = Path(settings.HOME) / "imports"
    path = path.absolute()
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def path_of(run: Import) -> Path:
    return Path(settings.HOME) / "imports" / run.path


def stop(run: Import) -> bool:
    """Stop after the batch at work. Returns False where it had ended already."""
    active = (Import.State.WAITING, Import.State.RUNNING)
    with transaction.atomic():
        stopped = Import.objects.filter(pk=run.pk, state__in=active).update(state=Import.State.STOPPED, claimed_at=None)
        live.announce("import", run.pk)
    return bool(stopped)


def resume(run: Import) -> bool:
    """Let a stopped or failed import wait for a worker again; it goes on where it stood."""
    with transaction.atomic():
        resumed = Import.objects.filter(pk=run.pk, state__in=(Import.State.STOPPED, Import.State.FAILED)).update(
            state=Import.State.WAITING, reason="", ended_at=None
        )
        live.announce("import", run.pk)
    return bool(resumed)


# --- The run


class Superseded(Exception):
    """The row was stopped, or another worker has taken it: this run's batch is given up."""


def run(
    run: Import,
    *,
    file: Filer,
    stop: threading.Event | None = None,
    progress: Progress | None = None,
) -> Import:
    """File the rest of an import, a transaction a batch. Returns the row as it then stands.

    A set `stop` leaves it waiting for the next worker; a person's stop is seen on the row before every batch.
    `progress` is called with rows done, rows in all (an estimate until known) and the counts. Raises `Failure`.
    """
    if run.state != Import.State.RUNNING:
        Import.objects.filter(pk=run.pk).update(state=Import.State.RUNNING, claimed_at=timezone.now())
        run.state = Import.State.RUNNING
    path = path_of(run)
    if not path.is_file() or path.stat().st_size != run.size:
        raise Failure("The file has been moved or changed since the import began. Import it anew: nothing comes twice.")
    table = open_table(path, Form.of(run.mapping["form"]))
    accounts = Accounts(run)
    try:
        for batch in batches(table, Mapper(table.columns, run.mapping, timezone.now()), run.position):
            if stop is not None and stop.is_set():
                Import.objects.filter(pk=run.pk, state=Import.State.RUNNING).update(
                    state=Import.State.WAITING, claimed_at=None
                )
                run.refresh_from_db()
                return run
            file_batch(run, batch, accounts, file, estimate(table, batch.upto))
            if progress:
                progress(run.position, run.rows, run.counts)
    except Superseded:
        run.refresh_from_db()
        return run
    finish(run)
    return run


@dataclass
class Batch:
    """Rows of a file up to number `upto`, sorted by the account they belong to, and what cannot be filed."""

    upto: int
    items: dict[tuple[str, str], list[Incoming]] = field(default_factory=dict)
    failures: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    differing: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    remarks: int = 0


def batches(table: Table, mapper: Mapper, position: int) -> Iterator[Batch]:
    """The rows after `position`. Those before are read again only to know which have equals."""
    seen, contents = Seen(), Seen()
    upto = 0
    rows = table.rows()
    while chunk := list(islice(rows, BATCH)):
        first, upto = upto, upto + len(chunk)
        keys = [None if isinstance(row, Unreadable) else mapper.key(row) for row in chunk]
        known = [key for key in keys if key is not None]
        numbers = [key.number for key in known]
        ordinals = iter(seen.ordinals(numbers))
        copies = iter(contents.ordinals([n ^ key.content for n, key in zip(numbers, known, strict=True)]))
        batch = Batch(upto)
        for number, (row, key) in enumerate(zip(chunk, keys, strict=True), start=first + 1):
            if key is None or isinstance(row, Unreadable):
                if number > position and isinstance(row, Unreadable):
                    batch.failures.append((number, row.reason, row.content))
                continue
            ordinal, copy = next(ordinals), next(copies)
            if number > position:
                take(batch, mapper, number, row, key, ordinal, copy)
        if upto > position:
            yield batch


def take(batch: Batch, mapper: Mapper, number: int, row: Row, key: Key, ordinal: int, copy: int) -> None:
    """Put one row where it belongs."""
    try:
        item = mapper.read(row, key, ordinal)
    except NotFiled as reason:
        batch.failures.append((number, str(reason), content_of(mapper, row)))
        return
    if key.id and ordinal and not copy:
        reason_text = f"The id {key.id[:80]} came before in this file with other content. The first one was kept."
        batch.differing.append((number, reason_text, content_of(mapper, row)))
    batch.remarks += "remark" in item.extra
    batch.items.setdefault(mapper.account(row), []).append(item)


def content_of(mapper: Mapper, row: Row) -> dict[str, Any]:
    cells = zip(mapper.columns, row, strict=False)
    return {storable(name): storable(meaning.as_text(cell)[:20_000]) for name, cell in cells}


def file_batch(run: Import, batch: Batch, accounts: Accounts, file: Filer, rows: int | None) -> None:
    """One transaction: the messages, the rows that failed, and how far we are. Raises `Superseded`."""
    with transaction.atomic():
        # The update is the check that the import is still ours, and takes the row's lock first.
        ours = Import.objects.filter(pk=run.pk, state=Import.State.RUNNING, position=run.position)
        if not ours.update(claimed_at=timezone.now()):
            raise Superseded
        filed = []
        for (kind, name), items in batch.items.items():
            filed.append(file(accounts.open(kind, name, items), items, bulk=True))
        keep_failures(run, [*batch.failures, *batch.differing])
        counts = count(run.counts, filed, batch)
        Import.objects.filter(pk=run.pk).update(
            position=batch.upto, counts=counts, rows=rows, account=accounts.first, mapping=run.mapping
        )
        live.announce("import", run.pk)
    run.position, run.counts, run.rows, run.account = batch.upto, counts, rows, accounts.first


def count(before: Mapping[str, Any], filed: Iterable[Filed], batch: Batch) -> dict[str, Any]:
    """The counts after a batch: {"new": {...}, "in", "out", "repeated", "failed", "differing", "remarks"}."""
    counts = runs.count(before, filed, "differing", "remarks")
    counts["failed"] += len(batch.failures)
    counts["differing"] += len(batch.differing)
    counts["remarks"] += batch.remarks
    return counts


def keep_failures(run: Import, failures: Sequence[tuple[int, str, dict[str, Any]]]) -> None:
    if not failures or run.counts.get("failed", 0) >= KEPT_FAILURES:
        return
    ImportFailure.objects.bulk_create(
        [ImportFailure(run=run, row=row, reason=why[:300], content=content) for row, why, content in failures],
        batch_size=200,
        ignore_conflicts=True,
    )


def estimate(table: Table, done: int) -> int | None:
    """How many rows there are in all: as the file says, or by how much of it has been read."""
    if table.total is not None or not table.taken:
        return table.total
    return max(done, round(done * table.size / min(table.taken, table.size)))


def finish(run: Import) -> None:
    with transaction.atomic():
        now = timezone.now()
        done = Import.objects.filter(pk=run.pk, state=Import.State.RUNNING)
        if done.update(state=Import.State.DONE, rows=run.position, ended_at=now, claimed_at=None, reason=""):
            live.announce("import", run.pk)
    run.refresh_from_db()


class Accounts:
    """Where the rows of an import go: the account that was chosen, or one for each channel the rows name.

    What is found or made is kept in the mapping, so that a resumed run goes on in the same ones.
    """

    def __init__(self, run: Import) -> None:
        self.run = run
        self.kept: dict[str, int] = run.mapping.setdefault("accounts", {})
        self.opened: dict[tuple[str, str], Account] = {}
        self.first: Account | None = run.account

    def open(self, kind: str, name: str, items: Sequence[Incoming]) -> Account:
        key = (kind, name)
        if key not in self.opened:
            self.opened[key] = self.find(kind, name, items)
            self.first = self.first or self.opened[key]
        return self.opened[key]

    def find(self, kind: str, name: str, items: Sequence[Incoming]) -> Account:
        chosen = self.run.mapping.get("account")
        slot = f"{kind}/{name}"
        pk = chosen or self.kept.get(slot)
        account = Account.objects.filter(pk=pk).first() if pk else None
        if account is None and chosen:
            raise Failure("The account this import files into was deleted. Choose another and import again.")
        account = account or account_for(kind, name or Path(self.run.name).stem, items)
        if not chosen:
            self.kept[slot] = account.pk
        return account


def account_for(kind: str, name: str, items: Sequence[Incoming]) -> Account:
    """The account that holds these messages already, under whatever name; else one of that name, made if need be.

    An account of that name in which the same ids are other messages is left alone: both have a ticket 1.
    Of a kind that asks a server it is made paused: it holds past messages, and there is nothing to ask.
    """
    taken = set()
    found: Account | None = None
    account: Account
    for account in Account.objects.filter(kind=kind).order_by("id")[:200]:
        same, other = compare(account, items[:50])
        if same > other:
            return account
        if other:
            taken.add(account.name)
        elif account.name == name[:200]:
            found = found or account
    if found and found.name not in taken:
        return found
    names = (name[:190] + (f" ({n})" if n > 1 else "") for n in range(1, 1000))
    asks = kind in channel_kinds() and channel_kinds()[kind].polls
    return Account.objects.create(
        kind=kind,
        name=next(n for n in names if n not in taken),
        state=Account.State.PAUSED if asks else Account.State.ACTIVE,
    )


def compare(account: Account, items: Sequence[Incoming]) -> tuple[int, int]:
    """How many of the items the account has, and how many of their ids stand for something else there."""
    texts = {item.external_id: item.text for item in items}
    rows = Message.objects.filter(account=account, external_id__in=list(texts)).values_list("external_id", "text")
    same = [texts.get(external_id, "").replace("\x00", "") == text for external_id, text in rows]
    return sum(same), len(same) - sum(same)


# --- What could not be filed


def failures_csv(run: Import, stream: Stream) -> int:
    """Write the rows that were not filed, with number and reason, as CSV. Returns how many there are."""
    failures = ImportFailure.objects.filter(run=run).order_by("row")
    names: dict[str, None] = {}
    for content in failures.values_list("content", flat=True)[:BATCH]:
        names.update(dict.fromkeys(content))

    def cells(failure: ImportFailure) -> list[Any]:
        return [failure.row, failure.reason, *(flat(failure.content.get(name)) for name in names)]

    return write_csv(map(cells, failures.iterator(chunk_size=1000)), ["row", "reason", *names], stream)


def flat(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)
