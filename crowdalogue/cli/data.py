"""import, export, report: messages in and out, and what pages show."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crowdalogue.cli.output import Progress, cell, print_json, print_table
from crowdalogue.cli.store import open_store
from crowdalogue.errors import Failure

if TYPE_CHECKING:
    from crowdalogue.models import Account, Brand, Import


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--account", help="File everything into this account (its name or number).")
@click.option("--brand", help="The brand it is about, where the file does not say.")
@click.option("--map", "pairs", multiple=True, metavar="OURS=THEIRS", help="Which column means what, if misread.")
@click.option("--set", "options", multiple=True, metavar="NAME=VALUE", help="order, timezone, channel or encoding.")
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON.")
def import_file(
    file: Path, account: str | None, brand: str | None, pairs: tuple[str, ...], options: tuple[str, ...], as_json: bool
) -> None:
    """Import past messages from FILE (CSV, JSON lines or Parquet).

    Columns are recognised. The same file twice adds nothing; one that was stopped goes on where it was.

    \b
    Example:  crowdalogue import tweets.csv
              crowdalogue import calls.csv --account "Phone calls" --map text=notes --set order=dmy
    """
    open_store()
    run = unfinished(file) or begin(file, account, brand, pairs, options)
    progress = Progress("rows")
    try:
        carry_out(run, progress)
    finally:
        progress.end()
    run.refresh_from_db()
    tell_import(run, as_json)


def begin(
    file: Path, account: str | None, brand: str | None, pairs: tuple[str, ...], options: tuple[str, ...]
) -> Import:
    """A new import that no worker takes, because this process runs it."""
    from django.utils import timezone

    from crowdalogue.listen import imports
    from crowdalogue.models import Import

    chosen: dict[str, Any] = dict(split(pair, "--set") for pair in options)
    if pairs:
        seen = imports.inspect(file, mapping=chosen).mapping["fields"]
        chosen["fields"] = {**seen, **dict(split(pair, "--map") for pair in pairs)}
    run = imports.begin(
        file,
        mapping=chosen,
        account=find_account(account) if account else None,
        brand=find_brand(brand) if brand else None,
        confirmed=False,
    )
    if "text" not in run.mapping["fields"]:
        run.delete()
        raise Failure("No column looks like the text of a message. Say which one: --map text=COLUMN")
    Import.objects.filter(pk=run.pk).update(state=Import.State.RUNNING, claimed_at=timezone.now())
    run.refresh_from_db()
    return run


def unfinished(file: Path) -> Import | None:
    """The import of this very file that was stopped or whose process was killed, claimed for us."""
    from django.db.models import Q
    from django.utils import timezone

    from crowdalogue.listen import imports, runs
    from crowdalogue.models import Import

    state = Import.State
    now = timezone.now()
    left = Q(state__in=(state.STOPPED, state.FAILED, state.WAITING)) | Q(
        state=state.RUNNING, claimed_at__lt=now - runs.LEASE
    )
    same: Import | None = (
        Import.objects.filter(left, path=imports.stored(file), size=file.stat().st_size).order_by("-id").first()
    )
    if same and Import.objects.filter(left, pk=same.pk).update(state=state.RUNNING, claimed_at=now, reason=""):
        same.refresh_from_db()
        return same
    return None


def carry_out(run: Import, progress: Progress) -> None:
    """File it here; Ctrl-C stops after the batch at work, and the row keeps where that was."""
    from django.utils import timezone

    from crowdalogue import jobs
    from crowdalogue.listen import runs
    from crowdalogue.models import Import

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        jobs.run_import(run, stop, progress)
    except Failure as failure:
        runs.fail(run, failure.text, timezone.now())
        raise
    if stop.is_set():
        Import.objects.filter(pk=run.pk, state=Import.State.WAITING).update(state=Import.State.STOPPED)


def tell_import(run: Import, as_json: bool) -> None:
    from crowdalogue.models import Import

    counts = {"new": {}, "repeated": 0, "failed": 0, **run.counts}
    finished = run.state == Import.State.DONE
    if as_json:
        print_json({"import": run.pk, "state": run.state, "rows": run.position, **counts})
    else:
        click.echo(f"{run.name}: {run.position:,} rows. {sentence(counts)}")
        if counts["failed"]:
            click.echo("The rows that were not filed are listed with reasons under Imports.")
    if not finished:
        click.echo(f"It was stopped after {run.position:,} rows. The same command goes on there.", err=True)
        sys.exit(130)


def sentence(counts: dict[str, Any]) -> str:
    new = counts["new"]
    return (
        f"New: {new.get('messages', 0):,} messages, {new.get('conversations', 0):,} conversations, "
        f"{new.get('persons', 0):,} customers. Already here: {counts['repeated']:,}. Not filed: {counts['failed']:,}."
    )


def split(pair: str, option: str) -> tuple[str, str]:
    ours, found, theirs = pair.partition("=")
    if not found or not ours.strip():
        raise Failure(f"{option} {pair} is not understood. Write {option} NAME=VALUE.")
    return ours.strip(), theirs.strip()


def find_account(given: str) -> Account:
    from crowdalogue.models import Account

    number = int(given) if given.isdecimal() and len(given) < 16 else -1
    found: list[Account] = list(Account.objects.filter(name=given)[:2]) or list(Account.objects.filter(pk=number))
    if len(found) != 1:
        known = ", ".join(f"{a.name} ({a.pk})" for a in Account.objects.order_by("id")[:20]) or "none yet"
        many = "There are several accounts" if found else "There is no account"
        raise Failure(f"{many} called {given}. Accounts: {known}.")
    return found[0]


def find_brand(name: str) -> Brand:
    from crowdalogue.models import Brand

    return Brand.objects.get_or_create(name=name[:120])[0]


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="From this day on (UTC).")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Before this day (UTC).")
@click.option("--channel", help="Only this kind of channel, such as email.")
@click.option("--brand", help="Only this brand.")
@click.option("--mask", is_flag=True, help="Hide personal data: customers are numbers, without addresses or links.")
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON (on stderr where FILE is -).")
def export(
    file: Path, since: Any, until: Any, channel: str | None, brand: str | None, mask: bool, as_json: bool
) -> None:
    """Write messages to FILE: .csv, .jsonl or .parquet by its ending; - is CSV to the terminal.

    The file can be imported again, unless it is masked.

    \b
    Example:  crowdalogue export march.parquet --since 2026-03-01 --until 2026-04-01
              crowdalogue export for-the-agency.csv --mask
    """
    open_store()
    from crowdalogue.analyze import masking
    from crowdalogue.listen import exports
    from crowdalogue.models import Audit

    chosen = exports.Choice(
        since=exports.day(since), until=exports.day(until), channel=channel or "", brand=brand or ""
    )
    progress = Progress("messages")
    hidden: Any = {"change": masking.exported, "related": masking.RELATED} if mask else {}
    count = exports.write(file, chosen, progress=lambda done: progress(done, None), **hidden)
    progress.end()
    what = f"{count} messages to {file.name}{', masked' if mask else ''}"
    Audit.objects.create(who="command line", deed="exported", what=what[:300])
    if as_json:
        click.echo(f'{{"messages": {count}}}', err=str(file) == "-")
    elif str(file) != "-":
        click.echo(f"{count:,} messages are in {file}.")


@click.command()
@click.argument("name")
@click.option("--filter", "filters", default="", help='As in the address of a page: "brand=Acme&period=30d".')
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def report(name: str, filters: str, as_json: bool) -> None:
    """Print what a page shows: response, volume, answered, waiting and more.

    \b
    Example:  crowdalogue report response --json
              crowdalogue report volume --filter "brand=Acme"
    """
    open_store()
    from crowdalogue.relate import reports
    from crowdalogue.relate.filters import EVERYTHING, parse

    chosen = parse(filters, EVERYTHING) if filters else EVERYTHING
    made = reports.report(name, chosen, fresh_s=600.0)
    if as_json:
        print_json(made)
        return
    rows = [together(row) for row in made["rows"]]
    print_table(rows, [name for name in dict.fromkeys(n for r in rows for n in r) if any(r.get(name) for r in rows)])
    for what, definition in made["definition"].items():
        click.echo(f"\n{what}: {definition}")
    click.echo(f"\nAs of {made['as_of'] or 'never: nothing was imported or received yet'}")


def together(row: dict[str, Any]) -> dict[str, Any]:
    """A figure and its interval in one cell: 591 (560 to 623)."""
    out: dict[str, Any] = {}
    ends: set[str] = set()
    for name, value in row.items():
        stem, unit = (name[:-2], "_s") if name.endswith("_s") else (name, "")
        low, high = f"{stem}_low{unit}", f"{stem}_high{unit}"
        ends |= {low, high} & set(row)
        known = value is not None and row.get(low) is not None and row.get(high) is not None
        out[name] = f"{cell(value)} ({cell(row[low])} to {cell(row[high])})" if known else value
    return {name: value for name, value in out.items() if name not in ends}
