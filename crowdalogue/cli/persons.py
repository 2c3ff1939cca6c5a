"""people: who is who and who stands where, for whoever runs the machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crowdalogue.cli.output import Progress, print_json, print_table
from crowdalogue.cli.store import open_store
from crowdalogue.errors import Failure

if TYPE_CHECKING:
    from crowdalogue.models import Person

KINDS = ("vip", "influencer", "advocate", "detractor")
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def people() -> None:
    """Find customers, look at who is who, take lists of VIPs.

    \b
    Example:  crowdalogue people find ada@example.com
    """


@people.command()
@click.argument("words")
@JSON
def find(words: str, as_json: bool) -> None:
    """Find somebody by a name, an address, digits of a number or an order.

    \b
    Example:  crowdalogue people find BC-70123
    """
    open_store()
    from crowdalogue.models import User
    from crowdalogue.relate import profile

    found = profile.find(User(role="owner", is_active=True), words)
    rows = [{"id": one.person.pk, "name": str(one.person), "addresses": addresses(one.person)} for one in found]
    if as_json:
        print_json(rows)
    else:
        print_table([{**row, "addresses": ", ".join(row["addresses"])} for row in rows])  # type: ignore[arg-type]


def addresses(person: Person) -> list[str]:
    return [f"{h.kind}:{h.address}" for h in person.handles.order_by("pk")[:20]]


@people.command()
@click.option("--all", "everybody", is_flag=True, help="Look at everybody again, such as after orders were imported.")
@JSON
def recognise(everybody: bool, as_json: bool) -> None:
    """Weigh what is new about people now, as the worker does: who is one person, and who stands where.

    \b
    Example:  crowdalogue people recognise --all
    """
    open_store()
    done = recognise_all(everybody)
    if as_json:
        print_json(done)
    else:
        click.echo("{looked:,} looked at. Merged: {merged:,}. New questions: {suggested:,}.".format(**done))


def recognise_all(everybody: bool = False) -> dict[str, int]:
    from crowdalogue import flow
    from crowdalogue.listen import identity

    if everybody:
        identity.look_again()
    total = {"looked": 0, "merged": 0, "suggested": 0}
    progress = Progress("people")
    while (done := flow.recognise()).looked:
        total["looked"] += done.looked
        total["merged"] += done.merged
        total["suggested"] += done.suggested
        progress(total["looked"], None)
    progress.end()
    return total


@people.command()
@JSON
def questions(as_json: bool) -> None:
    """Pairs that may be one person, the surest first (at most 100).

    \b
    Example:  crowdalogue people questions
    """
    open_store()
    from crowdalogue.models import Resemblance

    rows = Resemblance.objects.filter(
        state=Resemblance.State.OPEN, one__merged_into__isnull=True, other__merged_into__isnull=True
    )
    shown = [
        {"id": r.pk, "one": r.one_id, "other": r.other_id, "sure": round(r.confidence, 3), "why": r.reason}
        for r in rows.order_by("-confidence", "id")[:100]
    ]
    if as_json:
        print_json(shown)
    else:
        print_table(shown)


@people.command()
@click.argument("kept", type=int)
@click.argument("gone", type=int)
@click.option("--reason", default="", help="Shown on the person's page.")
def merge(kept: int, gone: int, reason: str) -> None:
    """Two persons are one: everything of GONE becomes KEPT's (their numbers are in the addresses of their pages).

    \b
    Example:  crowdalogue people merge 12 345 --reason "same customer, new telephone"
    """
    open_store()
    from crowdalogue.listen import merging

    row = merging.merge(find_person(kept), find_person(gone), why="person", reason=reason or "Merged by hand")
    record("merged_people", f"{gone} into {kept}")
    click.echo(f"{row.gone} is {row.kept} now. Take it back with: crowdalogue people undo {row.pk}")


@people.command()
@click.argument("merge_id", type=int)
def undo(merge_id: int) -> None:
    """Undo a merge: both are as they were.

    \b
    Example:  crowdalogue people undo 7
    """
    open_store()
    from crowdalogue.listen import merging
    from crowdalogue.models import Merge

    row = Merge.objects.filter(pk=merge_id).first()
    if row is None:
        raise Failure(f"There is no merge {merge_id}. The person's page lists theirs.")
    merging.undo(row)
    record("undid_merge", str(merge_id))
    click.echo(f"{row.gone} and {row.kept} are two people again.")


def find_person(pk: int) -> Person:
    from crowdalogue.listen.merging import root_of
    from crowdalogue.models import Person

    found = Person.objects.filter(pk=pk).first()
    if found is None:
        raise Failure(f"There is no person {pk}. Find them with: crowdalogue people find WORDS")
    return root_of(found)


@people.command("list")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--kind", type=click.Choice(KINDS), help="What they are, where the file does not say.")
@click.option("--reason", default="", help="Why, where the file does not say.")
@JSON
def take_list(file: Path, kind: str | None, reason: str, as_json: bool) -> None:
    """Take a CSV list of VIPs, influencers, advocates or detractors.

    Its first line names the columns: email, phone, customer or handle; and perhaps kind, reason, name, channel.

    \b
    Example:  crowdalogue people list vip.csv --kind vip --reason "Loyalty programme, gold"
    """
    open_store()
    from crowdalogue.listen import lists

    if file.stat().st_size > lists.LARGEST:
        raise Failure(f"{file.name} is larger than {lists.LARGEST // 1_000_000} MB. Split it, then take the parts.")
    taken = lists.take(file.read_bytes(), kind=kind or "", reason=reason)
    record("imported_list", f"{taken.given} of {taken.rows} rows of {file.name}")
    told: dict[str, Any] = {"rows": taken.rows, "given": taken.given, "new_people": taken.new_people}
    if as_json:
        print_json({**told, "failed": taken.failed, "wrong": [list(row) for row in taken.wrong]})
        return
    click.echo("{given:,} of {rows:,} rows taken, {new_people:,} of them people new to us.".format(**told))
    for number, why in taken.wrong:
        click.echo(f"Line {number}: {why}", err=True)


def record(deed: str, what: str) -> None:
    from crowdalogue.models import Audit

    Audit.objects.create(who="command line", deed=deed, what=what[:300])
