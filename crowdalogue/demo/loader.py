"""The demo company into the store, by the same door as everything else, and out again whole."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from crowdalogue import flow, live
from crowdalogue.act import promises
from crowdalogue.channels import open_channel
from crowdalogue.channels.base import Author, Item
from crowdalogue.demo import company, talks
from crowdalogue.demo.generator import Demo, generate
from crowdalogue.demo.orders import Record
from crowdalogue.demo.talks import Talk
from crowdalogue.listen import runs
from crowdalogue.listen.filing import Filed
from crowdalogue.listen.people import Directory
from crowdalogue.models import (
    Account,
    AlarmEpisode,
    AlarmSeries,
    AlarmWeek,
    Brand,
    BusinessRecord,
    CatalogueEntry,
    Company,
    Conversation,
    Handle,
    Hours,
    Import,
    Message,
    NameProposal,
    Person,
    Target,
    Topic,
    TopicEvent,
    User,
    WeeklyPage,
)
from crowdalogue.models.bulk import chunks, insert_many, update_many
from crowdalogue.relate import facts

NAME = "Demo company"
SEED = 7
TALKS_AT_ONCE = 400  # conversations in one transaction: short enough that others can write in between
RECORDS_AT_ONCE = 2000
ACCOUNTS = {
    "email": ("email", "Brindlecove care"),
    "webchat": ("webchat", "Chat on the shop's pages"),
    "social": ("social", "@brindlecove"),
    "review": ("review", "Product reviews"),
    "phone": ("phone", "Care line"),
    "store": ("store", "Brindlecove stores"),
    "listening": ("social", "Public posts about others"),
}
LEFT_LYING = timedelta(days=2)
HOURS = "Brindlecove is there"
WEEK = [[["08:00", "20:00"]]] * 5 + [[["09:00", "18:00"]]] * 2
# First and next response in minutes of business time, where the company has promised nothing itself.
TARGETS = {
    "email": (240, 480),
    "webchat": (15, 15),
    "social": (60, 120),
    "review": (480, 480),
    "phone": (120, 240),
    "store": (240, 480),
}
Progress = Callable[[int, int | None, dict[str, Any]], None]


class Superseded(Exception):
    """Somebody stopped the run, or another worker goes on with it."""


def begin(user: User | None = None, *, seed: int = SEED, scale: float = 1.0) -> Import:
    """The row of a load, waiting for a worker or for `run`. One that is under way is gone on with.

    A company that is there already keeps its moment, so that loading it again files nothing twice.
    """
    rows = Import.objects.filter(mapping__demo=True).order_by("-id")
    under_way: Import | None = rows.exclude(state__in=(Import.State.DONE, Import.State.FAILED)).first()
    if under_way is not None:
        Import.objects.filter(pk=under_way.pk, state=Import.State.STOPPED).update(state=Import.State.WAITING)
        under_way.refresh_from_db()
        return under_way
    before = rows.first()
    until = before.mapping["until"] if before else timezone.now().replace(microsecond=0).isoformat()
    mapping = {"demo": True, "seed": seed, "scale": scale, "until": until}
    if before is not None:
        mapping = before.mapping
    return Import.objects.create(name=NAME, path="", user=user, mapping=mapping, state=Import.State.WAITING)


def load(progress: Progress | None = None, stop: threading.Event | None = None, **how: Any) -> Import:
    """Begin and run, in this process."""
    return run(begin(**how), progress=progress, stop=stop)


def run(run: Import, *, progress: Progress | None = None, stop: threading.Event | None = None) -> Import:
    """Load the rest. Safe to repeat: after a kill -9 it goes on where the last transaction ended.

    A set `stop` leaves the row waiting for the next worker. Returns the row as it then stands.
    """
    if run.state != Import.State.RUNNING:
        Import.objects.filter(pk=run.pk).update(state=Import.State.RUNNING, claimed_at=timezone.now())
        run.state = Import.State.RUNNING
    if progress is not None:  # making it up takes some seconds, and somebody may be watching
        progress(run.position, run.rows, run.counts)
    demo = generate(int(run.mapping["seed"]), moment_of(run), float(run.mapping.get("scale", 1)))
    accounts = make_accounts()
    try:
        for step in steps(demo, accounts, run):
            if stop is not None and stop.is_set():
                Import.objects.filter(pk=run.pk, state=Import.State.RUNNING).update(
                    state=Import.State.WAITING, claimed_at=None
                )
                break
            step()
            if progress is not None:
                progress(run.position, run.rows, run.counts)
        else:
            write_truth(demo)
            finish(run)
    except Superseded:
        pass
    run.refresh_from_db()
    return run


def moment_of(run: Import) -> datetime:
    """The moment the company ends at, in the company's own zone: its evenings are evenings there."""
    own = Company.objects.first()
    return datetime.fromisoformat(run.mapping["until"]).astimezone(ZoneInfo(own.timezone if own else "UTC"))


def make_accounts() -> dict[str, Account]:
    with transaction.atomic():
        ours, _ = Brand.objects.get_or_create(name=company.BRAND, defaults={"demo": True})
        for name, _ in company.RIVALS:
            Brand.objects.get_or_create(name=name, defaults={"demo": True, "competitor": True})
        make_promises()
        make_catalogue(ours)
        made = {}
        for key, (kind, name) in ACCOUNTS.items():
            brand = None if key == "listening" else ours
            made[key], _ = Account.objects.get_or_create(
                key=f"demo-{key}", defaults={"kind": kind, "name": name, "brand": brand, "demo": True}
            )
    return made


def make_catalogue(brand: Brand) -> None:
    """The ten products, so that messages are read for them; what a company has entered itself stays."""
    for product in company.PRODUCTS:
        entry = {"synonyms": [product.thing], "brand": brand, "source": CatalogueEntry.Source.RECORDS, "demo": True}
        CatalogueEntry.objects.get_or_create(kind=CatalogueEntry.Kind.PRODUCT, name=product.name, defaults=entry)


def make_promises() -> None:
    """Hours and targets of the made-up team; a company that has its own keeps them."""
    if Target.objects.exists():
        return
    own = Company.objects.first()
    zone = own.timezone if own else "UTC"
    hours, _ = Hours.objects.get_or_create(name=HOURS, defaults={"timezone": zone, "week": WEEK})
    for kind, (first, following) in TARGETS.items():
        Target.objects.create(kind=kind, first_minutes=first, next_minutes=following, hours=hours)


# --- the steps, each a transaction


def steps(demo: Demo, accounts: dict[str, Account], run: Import) -> Iterator[Callable[[], None]]:
    """What is left to do. The row's position counts messages; business records are counted in `counts`."""
    rows = demo.messages
    upto = 0
    for batch in chunks(demo.talks, TALKS_AT_ONCE):
        upto += sum(len(talk.items) for talk in batch)
        if upto > run.position:
            yield lambda batch=batch, upto=upto: file_talks(run, accounts, batch, upto, rows)  # type: ignore[misc]
    done = int(run.counts.get("records", 0))
    names = {customer.id: customer.name for customer in demo.customers}
    for number, records in enumerate(chunks(demo.records, RECORDS_AT_ONCE)):
        if (number + 1) * RECORDS_AT_ONCE > done and done != len(demo.records):
            yield lambda part=records: keep_records(run, part, names)  # type: ignore[misc]


def file_talks(run: Import, accounts: dict[str, Account], batch: Sequence[Talk], upto: int, rows: int) -> None:
    with transaction.atomic():
        claim(run)
        filed = []
        for key, account in accounts.items():
            mine = [talk for talk in batch if talk.account == key]
            if mine:
                items: list[Item] = [item for talk in mine for item in talk.items]
                items += [like for talk in mine for like in talk.echoes]
                filed.append(flow.file(account, items, bulk=True, before_commit=Aftermath(mine)))
        counts = runs.count(run.counts, filed, "records")
        Import.objects.filter(pk=run.pk).update(position=upto, rows=rows, counts=counts, account=accounts["email"])
        live.announce("import", run.pk)
    run.position, run.rows, run.counts = upto, rows, counts


def claim(run: Import) -> None:
    """The update is the check that the run is still ours, and takes the row's lock first."""
    ours = Import.objects.filter(pk=run.pk, state=Import.State.RUNNING, position=run.position)
    if not ours.update(claimed_at=timezone.now()):
        raise Superseded


@dataclass(frozen=True)
class Aftermath:
    """What else is true of conversations just filed: colleagues' notes, and what was closed or kept apart.

    Only new conversations are touched; one that was there belongs to whoever has worked on it since.
    """

    talks: Sequence[Talk]

    def __call__(self, filed: Filed) -> None:
        where = {m.external_id: m.conversation_id for m in filed.messages if m.conversation_id in filed.made}
        accounts = {m.conversation_id: m.account_id for m in filed.messages}
        begun = [(talk, where[name]) for talk in self.talks if (name := talk.items[0].external_id) in where]
        add_notes([(talk, pk, accounts[pk]) for talk, pk in begun if talk.notes])
        ended = {pk: talk for talk, pk in begun if talk.state != "open" or given_up(talk)}
        rows = list(Conversation.objects.filter(pk__in=ended))
        for row in rows:
            talk = ended[row.pk]
            state = talk.state if talk.state != "open" else Conversation.State.CLOSED
            row.state, row.handled_at, row.why, row.unread = (
                state,
                talk.ends or last_of(talk) + LEFT_LYING,
                talk.why,
                False,
            )
        update_many(Conversation, ["state", "handled_at", "why", "unread"], rows)
        waiting = [row.pk for row in rows if row.waiting_since is not None]
        promises.follow(waiting, quiet=waiting)


def given_up(talk: Talk) -> bool:
    """The made-up team closes what it has left lying for days, but for a few that it still means to answer."""
    return talk.state == "open" and last_of(talk) < timezone.now() - LEFT_LYING and talk.number % 40 != 0


def last_of(talk: Talk) -> datetime:
    return max(item.sent_at for item in talk.items if item.sent_at)


def add_notes(noted: Sequence[tuple[Talk, int, int]]) -> None:
    """Rows for (talk, conversation, account)."""
    rows = []
    for talk, pk, account in noted:
        for number, (at, text) in enumerate(talk.notes):
            rows.append(
                Message(
                    account_id=account,
                    external_id=f"demo-note-{talk.number}-{number}",
                    conversation_id=pk,
                    direction=Message.Direction.NOTE,
                    channel=talk.kind,
                    sent_at=at,
                    received_at=at,
                    text=text,
                    read_at=timezone.now(),
                )
            )
    insert_many(Message, rows)


def persons_of(records: Sequence[Record], names: dict[str, str]) -> dict[tuple[str, str], int]:
    """Contact -> its person: who is who is not known here, only which address a record was made with.

    The shop's customers are known by their address even if they never wrote.
    """
    contacts = {r.contact: names.get(r.customer, "") for r in records if r.contact is not None}
    found: dict[tuple[str, str], int] = {}
    for kind in sorted({kind for kind, _ in contacts}):
        normalise = open_channel(kind).normalise
        spelled = {address: normalise(address) for k, address in contacts if k == kind}
        directory = Directory(kind, demo=True)
        directory.meet((spelled[a], Author(a, contacts[kind, a])) for a in spelled)
        for address, known in spelled.items():
            if person := directory[known].person_id:
                found[kind, address] = person
    return found


def keep_records(run: Import, records: Sequence[Record], customers: dict[str, str]) -> None:
    with transaction.atomic():
        claim(run)
        brand = Brand.objects.get(name=company.BRAND)
        names = [record.external_id for record in records]
        there = set(BusinessRecord.objects.filter(external_id__in=names).values_list("kind", "external_id"))
        new = [r for r in records if (r.kind, r.external_id) not in there]
        persons = persons_of(new, customers)
        rows = [record_row(r, persons, brand) for r in new]
        insert_many(BusinessRecord, rows)
        counts = run.counts | {"records": int(run.counts.get("records", 0)) + len(records)}
        Import.objects.filter(pk=run.pk).update(counts=counts)
        live.announce("import", run.pk)
    run.counts = counts


def record_row(record: Record, persons: dict[tuple[str, str], int], brand: Brand) -> BusinessRecord:
    return BusinessRecord(
        kind=record.kind,
        external_id=record.external_id,
        person_id=persons.get(record.contact) if record.contact else None,
        brand=brand,
        at=record.at,
        product=record.product,
        quantity=record.quantity,
        amount=record.amount,
        currency="GBP" if record.amount is not None else "",
        state=record.state,
        refers_to=record.refers_to,
        facts=record.facts,
        demo=True,
    )


def finish(run: Import) -> None:
    with transaction.atomic():
        done = Import.objects.filter(pk=run.pk, state=Import.State.RUNNING)
        if done.update(state=Import.State.DONE, rows=run.position, ended_at=timezone.now(), claimed_at=None, reason=""):
            live.announce("import", run.pk)


# --- the truth, beside the rows


def truth_path() -> Path:
    return Path(settings.HOME) / "demo-truth.json"


def write_truth(demo: Demo) -> None:
    """Who is who and what was really the matter: for tests of identity and verdicts, never read by the product."""
    path = truth_path()
    scratch = path.with_suffix(".part")
    scratch.write_text(json.dumps(demo.truth, ensure_ascii=False))
    scratch.replace(path)


# --- out again


def remove(progress: Progress | None = None) -> int:
    """Take everything out that the demo company brought, and nothing else. Returns how many rows went.

    A batch of conversations is one transaction; broken off, it is gone on with by calling it again.
    """
    Import.objects.filter(mapping__demo=True, state__in=(Import.State.WAITING, Import.State.RUNNING)).update(
        state=Import.State.STOPPED, claimed_at=None
    )
    conversations = Conversation.objects.filter(account__demo=True)
    rows, gone, done = conversations.count(), 0, 0
    while ids := list(conversations.order_by("id").values_list("pk", flat=True)[:200]):
        gone += delete_conversations(ids)
        done += len(ids)
        if progress is not None:
            progress(done, rows, {})
    for part in chunks(list(BusinessRecord.objects.filter(demo=True).values_list("pk", flat=True))):
        gone += BusinessRecord.objects.filter(pk__in=part).delete()[0]
    for part in chunks(list(Handle.objects.filter(person__demo=True).values_list("pk", flat=True))):
        gone += Handle.objects.filter(pk__in=part).delete()[0]
    for part in chunks(list(Person.objects.filter(demo=True).values_list("pk", flat=True))):
        gone += Person.objects.filter(pk__in=part).delete()[0]
    with transaction.atomic():
        gone += Account.objects.filter(demo=True).delete()[0]
        gone += Handle.objects.filter(address__in=(*talks.US.values(), "brindlecove"), ours=True).delete()[0]
        gone += Target.objects.filter(hours__name=HOURS).delete()[0] + Hours.objects.filter(name=HOURS).delete()[0]
        gone += Import.objects.filter(mapping__demo=True).delete()[0]
        gone += Brand.objects.filter(demo=True).delete()[0]
        gone += CatalogueEntry.objects.filter(demo=True).delete()[0]
    gone += forget_what_was_found()
    truth_path().unlink(missing_ok=True)
    facts.refresh(thorough=True)
    return gone


def forget_what_was_found() -> int:
    """Topics, alarms, weekly pages and proposed names, where nothing is left that they could be about."""
    if Message.objects.exists():
        return 0
    found = (TopicEvent, Topic, AlarmEpisode, AlarmSeries, AlarmWeek, WeeklyPage, NameProposal)
    with transaction.atomic():
        return sum(model.objects.all().delete()[0] for model in found)


def delete_conversations(ids: Sequence[int]) -> int:
    """Rows of tables made later go too: whatever hangs on a conversation is found by its foreign key."""
    with transaction.atomic():
        return Conversation.objects.filter(pk__in=ids).delete()[0]
