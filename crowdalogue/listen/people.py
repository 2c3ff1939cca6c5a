"""Handles to persons: every author is a handle; a customer's handle belongs to a person."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from crowdalogue.channels.base import Author
from crowdalogue.models import Brand, Handle, Person
from crowdalogue.models.bulk import chunks, insert_many, make, pick_rows, update_many

Key = tuple[str, str]  # kind, normalised address


class Directory:
    """The handles of one batch: what is known, and what had to be made."""

    def __init__(self, kind: str, *, demo: bool = False) -> None:
        self.kind = kind
        self.demo = demo
        self.handles: dict[str, Handle] = {}
        self.new_persons = 0
        self.new_brand_accounts = 0
        self._brands: dict[str, Brand] = {}

    def __getitem__(self, address: str) -> Handle:
        return self.handles[address]

    def meet(self, authors: Iterable[tuple[str, Author]]) -> None:
        """Make every (normalised address, author) a handle, with a person where it is a customer."""
        wanted: dict[str, Author] = {}
        for address, author in authors:
            if address not in wanted or (author.name and not wanted[address].name):
                wanted[address] = author
        self._load(wanted)
        self._give_back(wanted)
        # In one order everywhere, so that two workers who make the same handles do not wait for each other.
        missing = {a: wanted[a] for a in sorted(wanted) if a not in self.handles}
        if missing:
            self._make(missing)
        self._complete(wanted)

    def brand(self, name: str) -> Brand:
        if name not in self._brands:
            self._brands[name] = Brand.objects.get_or_create(name=name, defaults={"demo": self.demo})[0]
        return self._brands[name]

    def _load(self, addresses: Iterable[str]) -> None:
        for part in chunks(addresses):
            for handle in pick_rows(Handle, kind=self.kind, address=part):
                self.handles[handle.address] = handle

    def _make(self, missing: dict[str, Author]) -> None:
        customers = {a: w for a, w in missing.items() if not w.ours and not w.brand}
        persons = {
            address: make(Person, name=(author.name or address)[:200], facts=dict(author.facts), demo=self.demo)
            for address, author in customers.items()
        }
        insert_many(Person, list(persons.values()))
        made = [
            make(
                Handle,
                kind=self.kind,
                address=address,
                name=author.name[:200],
                person_id=persons[address].pk if address in persons else None,
                ours=author.ours,
                brand_id=self.brand(author.brand).pk if author.brand else None,
                facts=dict(author.facts),
            )
            for address, author in missing.items()
        ]
        # Another worker may make the same handle at this moment: then its row counts, and our person goes.
        racing = connection.vendor != "sqlite"
        insert_many(Handle, made, ignore_conflicts=racing)
        if racing:
            self._load(missing)
            kept = {h.person_id for h in self.handles.values()}
            orphans = [p.pk for p in persons.values() if p.pk not in kept]
            if orphans:
                Person.objects.filter(pk__in=orphans).delete()
            self.new_persons += len(persons) - len(orphans)
        else:
            self.handles.update((h.address, h) for h in made)
            self.new_persons += len(persons)
        self.new_brand_accounts += len(missing) - len(customers)

    def _give_back(self, wanted: dict[str, Author]) -> None:
        """An address somebody had only named belongs to whoever writes from it, until evidence says who that is."""
        said = [h for a, h in sorted(self.handles.items()) if a in wanted and h.facts.get("said")]
        if not said:
            return
        persons = [make(Person, name=(wanted[h.address].name or h.address)[:200], demo=self.demo) for h in said]
        insert_many(Person, persons)
        for handle, person in zip(said, persons, strict=True):
            handle.person = person
            handle.facts = {k: v for k, v in handle.facts.items() if k != "said"}
        update_many(Handle, ["person", "facts"], said)
        self.new_persons += len(persons)

    def _complete(self, wanted: dict[str, Author]) -> None:
        """Learn what came later: a name, newer facts. What a person typed or an earlier source said of a name stays.

        Whoever is met again is looked at again for evidence of who they are (listen/identity.py).
        """
        newer: dict[int, Author] = {}
        met: set[int] = set()
        for address, author in wanted.items():
            handle = self.handles[address]
            if handle.person_id:
                met.add(handle.person_id)
            if author.facts and any(handle.facts.get(k) != v for k, v in author.facts.items()):
                newer[handle.pk] = author
            if author.name and not handle.name:
                handle.name = author.name[:200]
                Handle.objects.filter(pk=handle.pk).update(name=handle.name)
                if handle.person_id:
                    Person.objects.filter(pk=handle.person_id, name=address[:200]).update(name=handle.name)
        self._learn(newer)
        for part in chunks(sorted(met)):
            Person.objects.filter(pk__in=part, looked_at__isnull=False).update(looked_at=None)

    def _learn(self, newer: dict[int, Author]) -> None:
        """Newer facts, upon the row as it is now: another worker may be noting claims on it."""
        for part in chunks(sorted(newer)):
            rows = list(Handle.objects.select_for_update(of=("self",)).filter(pk__in=part).order_by("pk"))
            for row in rows:
                row.facts = {**row.facts, **newer[row.pk].facts}
                self.handles[row.address].facts = row.facts
            update_many(Handle, ["facts"], rows)
