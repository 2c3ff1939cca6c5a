"""categories list, teach, evaluate: what a team taught, and how well a category is learned from a file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crowdalogue.cli.output import print_json, print_table
from crowdalogue.cli.store import open_store
from crowdalogue.errors import Failure

if TYPE_CHECKING:
    from crowdalogue.analyze.categories_measured import Share
    from crowdalogue.models import Category

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
MOST_TESTED = 50_000


@click.group()
def categories() -> None:
    """Categories of your own: taught with a few examples, judged on every message.

    \b
    Example:  crowdalogue categories teach "Late delivery" examples.csv --description "A parcel that has not come"
              crowdalogue categories list
    """


@categories.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_categories(as_json: bool) -> None:
    """Every category, what it caught in the last 7 days, and how good its version is.

    \b
    Example:  crowdalogue categories list
    """
    open_store()
    from datetime import timedelta

    from django.utils import timezone

    from crowdalogue.analyze import categories_judged
    from crowdalogue.models import Category

    rows = list(Category.objects.order_by("name"))
    week = categories_judged.caught_since([r.pk for r in rows], timezone.now() - timedelta(days=7))
    lines = [{**described(row), "caught_7_days": week.get(row.pk, 0)} for row in rows]
    if as_json:
        print_json({"categories": lines})
    else:
        print_table(lines, ("name", "version", "state", "caught_7_days", "precision", "recall", "n", "yes", "no"))


def described(row: Category) -> dict[str, Any]:
    """`precision` and `recall` on the `n` labels that the queue drew at random; null below ten."""
    from crowdalogue.analyze import categories_taught

    version = categories_taught.active(row)
    counts = categories_taught.counts(row)
    line: dict[str, Any] = {
        "id": row.pk,
        "name": row.name,
        "state": "rests" if not row.active else "judges" if version else "has not learned",
        "version": version.number if version else None,
        "yes": counts["yes"],
        "no": counts["no"],
    }
    measured = categories_taught.measured(version) if version else None
    for name in ("precision", "recall"):
        share: Share | None = getattr(measured, name, None)
        few = share is None or share.few
        line[name] = None if few or share is None else share.value
        line[f"{name}_interval"] = None if few or share is None else [share.low, share.high]
    return line | {"n": measured.n if measured else 0}


@categories.command()
@click.argument("name")
@click.argument("file", type=FILE)
@click.option("--description", default="", help="One or two sentences on what belongs to it; evidence, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def teach(name: str, file: Path, description: str, as_json: bool) -> None:
    """Give the category NAME the examples of FILE, have it learn, and go through history.

    FILE is CSV with the columns text and label (yes or no); without a column label every row is a yes. A category
    that is not there yet is made. Its first version judges at once; a later one waits to be compared on its page.

    \b
    Example:  crowdalogue categories teach "Late delivery" examples.csv
    """
    open_store()
    from crowdalogue.analyze import categories_file, categories_taught
    from crowdalogue.flow import categories as verbs
    from crowdalogue.models import Audit, Category

    given = categories_file.table(file.read_bytes(), file.name, name)
    row = Category.objects.filter(name__iexact=name).first()
    row = verbs.define(None, name, description or (row.description if row else ""), row)
    added = verbs.teach(None, row, given, "file")
    while categories_taught.understand(row):
        pass
    version = verbs.learn(None, row)
    Audit.objects.create(who="command line", deed="changed_category", what=f"{row.name}: taught"[:300])
    while verbs.tend_categories():
        pass
    line = described(row)
    kept = {"new": added.new, "changed": added.changed, "known": added.same, "both_ways": added.both}
    if as_json:
        print_json({**line, "examples": kept, "newest_version": version.number if version else None})
        return
    click.echo(f"{row.name} knows {line['yes']:,} examples of yes and {line['no']:,} of no.")
    if added.both:
        click.echo(f"{added.both:,} texts were given both ways and count as neither.")
    if version and version.state == "waiting":
        click.echo(f"Version {version.number} waits. Compare it with the one in use on the page of the category.")
    elif version:
        click.echo(f"Version {version.number} judges messages from now on, and history was gone through.")


@categories.command()
@click.argument("train", type=FILE)
@click.argument("test", type=FILE)
@click.option("--label", "label", required=True, help="The label that is the category; every other one is a no.")
@click.option("--examples", type=click.IntRange(1, 20_000), help="Learn from so many of the yes rows only.")
@click.option("--description", default="", help="Evidence beside the label's name.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(train: Path, test: Path, label: str, examples: int | None, description: str, as_json: bool) -> None:
    """Learn one category from TRAIN (CSV text,label) as the product would, and measure it on TEST. Needs no store.

    The first rows of TRAIN with --label are the examples of yes, as many as --examples says; up to 2,000 other rows
    stand for messages that nobody labelled, without their labels.

    \b
    Example:  crowdalogue categories evaluate train.csv test.csv --label card_arrival --examples 10
    """
    import django

    django.setup()
    result = evaluated(train, test, label, examples, description)
    if as_json:
        print_json(result)
    else:
        print_table([result])


def evaluated(train: Path, test: Path, label: str, examples: int | None, description: str) -> dict[str, Any]:
    import numpy as np

    from crowdalogue.analyze import categories as learning
    from crowdalogue.analyze import categories_file, categories_measured, categories_taught

    began = time.process_time()
    rows = categories_file.table(train.read_bytes(), train.name, label)
    yes = [text for text, inside in rows if inside][:examples]
    if not yes:
        raise Failure(f"{train.name} has no row with the label {label}.")
    taken = set(yes)
    others = [text for text, _ in rows if text not in taken and text.strip()]
    others = others[:: max(1, -(-len(others) // categories_taught.BACKGROUND))]
    vectors, background = categories_taught.encoded(yes), categories_taught.encoded(others)
    named = categories_taught.named(label.replace("_", " "), description)
    flags = np.ones(len(yes), dtype=bool)
    head = learning.learn(learning.Lesson(vectors, flags, np.zeros(len(yes)), background, named)).head
    tested = categories_file.table(test.read_bytes(), test.name, label)[:MOST_TESTED]
    sure = head.confidence(categories_taught.encoded([text for text, _ in tested]))
    truth = np.array([inside for _, inside in tested], dtype=bool)
    measured = categories_measured.measure(truth, sure >= head.threshold, np.ones(len(tested)))
    shares = {name: getattr(measured, name) for name in ("precision", "recall", "prevalence")}
    return {
        "label": label,
        "examples": len(yes),
        "n": len(tested),
        **{name: share.value for name, share in shares.items()},
        **{f"{name}_interval": [share.low, share.high] for name, share in shares.items()},
        "f1": measured.f1,
        "threshold": head.threshold,
        "seconds_cpu": round(time.process_time() - began, 2),
    }
