"""watch list, add, try, hits: what is said without writing to us, for whoever runs the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from crowdalogue.cli.output import print_json, print_table
from crowdalogue.cli.store import open_store
from crowdalogue.errors import Failure

if TYPE_CHECKING:
    from crowdalogue.listen.watches import Figures
    from crowdalogue.models import Brand, Watch

PURPOSES = ("brand", "product", "need", "competitor", "industry")
SHOWN = 200  # characters of a message in a list


class Operator:
    """Whoever runs the machine sees everything that is in it."""

    def may(self, right: str) -> bool:
        return True


@click.group()
def watch() -> None:
    """Save searches over everything that is said, and see what they found.

    A QUERY is words: any:acme any:"north pier" -jobs near:"acme ~5 parcel|box" lang:en reach:1000

    \b
    Example:  crowdalogue watch try 'any:acme -jobs'
              crowdalogue watch add "Acme" 'any:acme -jobs' --purpose competitor --brand Acme
    """


@watch.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_watches(as_json: bool) -> None:
    """Every watch, how much it found, and how much of that is right.

    \b
    Example:  crowdalogue watch list
    """
    open_store()
    from crowdalogue.listen import watches
    from crowdalogue.models import Watch

    rows = list(Watch.objects.select_related("brand").order_by("name"))
    figures = watches.figures(rows)
    lines = [described(row, figures[row.pk]) for row in rows]
    if as_json:
        print_json({"watches": lines})
    else:
        print_table(lines, ("name", "purpose", "hits", "judged", "right", "low", "high", "state", "query"))


def described(row: Watch, figures: Figures) -> dict[str, Any]:
    """`right` is the share of judged hits, `low` to `high` its 95 % interval; null below ten judged."""
    from crowdalogue.listen import watches
    from crowdalogue.relate import statistics
    from crowdalogue.text import watching

    few = figures.judged < statistics.FEW
    low, high = (None, None) if few else statistics.wilson(figures.right, figures.judged) or (None, None)
    return {
        "id": row.pk,
        "name": row.name,
        "purpose": row.purpose,
        "brand": row.brand.name if row.brand else "",
        "query": watching.say(watches.of(row)),
        "state": "paused" if not row.active else "goes through the past" if row.seen_id else "listens",
        "hits": figures.hits,
        "newest_at": figures.newest,
        "judged": figures.judged,
        "right": None if few else figures.right / figures.judged,
        "low": low,
        "high": high,
    }


@watch.command()
@click.argument("name")
@click.argument("query")
@click.option("--purpose", type=click.Choice(PURPOSES), default="need", show_default=True, help="What it is for.")
@click.option("--brand", help="The brand it is about; a competitor's counts in its share of voice.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def add(name: str, query: str, purpose: str, brand: str | None, as_json: bool) -> None:
    """Save the watch NAME over QUERY, and go through what was received before.

    \b
    Example:  crowdalogue watch add Parcels 'any:parcel* any:delivery late'
    """
    open_store()
    from crowdalogue.listen import watches
    from crowdalogue.models import Audit
    from crowdalogue.text import watching

    asked = watching.typed(query)
    made = watches.save(None, name=name, purpose=purpose, query=asked, brand=find_brand(brand) if brand else None)
    Audit.objects.create(who="command line", deed="changed_watch", what=f"{made.name}: {watching.say(asked)}"[:300])
    while watches.fill():
        pass
    made.refresh_from_db()
    line = described(made, watches.figures([made])[made.pk])
    if as_json:
        print_json(line)
    else:
        click.echo(f"{made.name} listens. It found {counted(made.hits_count, 'message')} received before.")


def find_brand(name: str) -> Brand:
    from crowdalogue.models import Brand

    found: Brand | None = Brand.objects.filter(name__iexact=name).first()
    if found is None:
        raise Failure(f"No brand is called {name}. Add it under Settings, Brands.")
    return found


@watch.command("try")
@click.argument("query")
@click.option("--days", type=click.IntRange(1, 3660), default=90, show_default=True, help="How far back.")
@click.option("--seconds", type=click.FloatRange(0.1, 3600), default=10.0, show_default=True, help="At most.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def try_query(query: str, days: int, seconds: float, as_json: bool) -> None:
    """What QUERY would have found; nothing is kept.

    \b
    Example:  crowdalogue watch try 'any:contoso~ -jobs' --days 30
    """
    open_store()
    from crowdalogue.listen import trials
    from crowdalogue.text import watching

    trial = trials.run(Operator(), watching.typed(query), days=days, budget=seconds)
    if as_json:
        print_json(
            {
                "since": trial.since,
                "whole": trial.whole,
                "hits": trial.hits,
                "authors": trial.authors,
                "taken": trial.taken,
                "days": trial.days,
                "channels": dict(trial.channels),
                "sample": [one.message.pk for one in trial.sample],
            }
        )
        return
    said = f"{counted(trial.hits, 'message')} by {counted(trial.authors, 'author')}"
    click.echo(f"{said} since {trial.since:%Y-%m-%d}.")
    if not trial.whole:
        click.echo(f"Time ran out; older ones are not counted. Give more with --seconds {seconds * 4:g}.")
    if trial.taken:
        click.echo(f"What must not be there took away {trial.taken:,}.")
    for kind, count in trial.channels:
        click.echo(f"  {kind}: {count:,}")
    for one in trial.sample:
        click.echo(f"{one.message.sent_at:%Y-%m-%d}  {short(one.message.subject, one.message.text)}")


@watch.command()
@click.argument("name")
@click.option("--only", type=click.Choice(("open", "right", "wrong")), help="Only those judged so.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def hits(name: str, only: str | None, limit: int, as_json: bool) -> None:
    """What the watch NAME found, newest first.

    \b
    Example:  crowdalogue watch hits Parcels --only wrong
    """
    open_store()
    from crowdalogue.listen import watches
    from crowdalogue.models import Watch

    row = Watch.objects.filter(name__iexact=name).first()
    if row is None:
        raise Failure(f"No watch is called {name}. See: crowdalogue watch list")
    found = [
        {
            "message": hit.message_id,
            "sent_at": hit.message.sent_at.isoformat(timespec="minutes"),
            "channel": hit.message.channel,
            "author": str(hit.message.handle or ""),
            "right": hit.right,
            "text": hit.message.text if as_json else short(hit.message.subject, hit.message.text),
        }
        for hit in watches.hits_of(row, Operator(), only=only or "")[:limit]
    ]
    if as_json:
        print_json({"watch": row.name, "hits": found})
    else:
        print_table(found)


def counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def short(subject: str, text: str) -> str:
    whole = " ".join(f"{subject} {text}".split())
    return whole if len(whole) <= SHOWN else whole[: SHOWN - 1] + "…"
