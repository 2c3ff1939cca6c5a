"""evaluate, label, train: how well messages are read, and making it better."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crowdalogue.cli.output import as_json as to_json
from crowdalogue.cli.output import print_json, print_table
from crowdalogue.cli.store import open_store
from crowdalogue.errors import Failure

if TYPE_CHECKING:
    from crowdalogue.analyze.labelled import Row

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.command()
@click.argument("step")
@click.argument("file", type=FILE)
@click.option("--column", default="text", show_default=True, help="The column that holds the messages.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def label(step: str, file: Path, column: str, as_json: bool) -> None:
    """Print what STEP (sentiment, intent, language, ...) says of every row of FILE (CSV, TSV or JSON lines).

    With --json, a line a row: {"id", "label", "confidence"}; the id is that of the column id, or the row's number.

    \b
    Example:  crowdalogue label sentiment messages.csv > labelled.csv
    """
    import django

    django.setup()
    from crowdalogue.analyze import pipeline
    from crowdalogue.analyze.document import Document

    names = [s.name for s in pipeline.STEPS]
    if step not in names:
        raise Failure(f"There is no step {step}. Steps are: {', '.join(names)}.")
    writer = csv.writer(sys.stdout)
    if not as_json:
        writer.writerow(["row", step, "confidence", "text"])
    number = 0
    for batch in batches(file, column):
        documents = [Document(id=row.id, text=row.text) for row in batch]
        for document in pipeline.read(documents):
            number += 1
            found = document.findings.get(step)
            said, sure = (found.label, round(found.confidence, 4)) if found else ("", None)
            if as_json:
                click.echo(to_json({"id": document.id, "label": said, "confidence": sure}))
            else:
                writer.writerow([number, said, sure, document.text])


def batches(file: Path, column: str, size: int = 512) -> Iterator[list[Row]]:
    """The rows of a file, so many at a time. Raises Failure where it cannot be read, or where it has none."""
    from crowdalogue.analyze.labelled import rows

    some, met = iter(rows(file, column)), False
    try:
        while batch := list(islice(some, size)):
            met = True
            yield batch
    except ValueError as wrong:
        raise Failure(f"{wrong} The column of the messages can be named with --column.") from None
    if not met:
        raise Failure(f"{file.name} holds no message below its heading.")


@click.command()
@click.argument("step", required=False)
@click.option("--data", type=FILE, help="CSV with the columns text and label, added to our own examples.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def train(step: str | None, data: Path | None, as_json: bool) -> None:
    """Train the readers of messages anew, all or one STEP, from our examples and your data.

    \b
    Example:  crowdalogue train sentiment --data ours.csv
    """
    import django

    django.setup()
    from crowdalogue.analyze import training

    try:
        report = training.train(step, data)
    except ValueError as wrong:
        raise Failure(str(wrong)) from None
    show(report, as_json)


@click.command()
@click.argument("step", required=False)
@click.option(
    "--train", "train_file", type=FILE, help="Learn from this file alone (text, label), for this figure only."
)
@click.option("--test", "test_file", type=FILE, help="Score on this file (text, label) instead of our own examples.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(step: str | None, train_file: Path | None, test_file: Path | None, as_json: bool) -> None:
    """Say how often each step is right, or one STEP, on examples it has not seen.

    Files are CSV, TSV or JSON lines. A STEP named category takes any labels, learned with --train; the label oos
    means none of the others. A column aspect, if there is one, holds the words a text is to be judged on.
    `identity` is no step: it says how well the people of the demo company were recognised.

    \b
    Example:  crowdalogue evaluate sentiment --test mine.csv
              crowdalogue evaluate category --train known.csv --test new.csv --json
              crowdalogue evaluate identity --json
    """
    if step == "identity" and not test_file:
        show({step: identity_figures()}, as_json)
        return
    import django

    django.setup()
    from crowdalogue.analyze import quality

    if train_file and not test_file:
        raise Failure("A step trained on a file is scored on another one. Name it with --test.")
    if test_file and not step:
        raise Failure(
            "Say which step the labels of the file are for, such as: crowdalogue evaluate sentiment --test FILE"
        )
    try:
        report = {
            name: quality.evaluate(name, test_file, train_file) for name in ([step] if step else quality.scorable())
        }
    except ValueError as wrong:
        raise Failure(str(wrong)) from None
    if as_json and step:
        print_json(report[step])
    else:
        show(report, as_json)


def identity_figures() -> dict[str, Any]:
    """Whoever has something new is looked at first, so that the figures are of what the worker will find."""
    open_store()
    from crowdalogue.cli.persons import recognise_all
    from crowdalogue.demo import scores

    recognise_all()
    return scores.identity()


def show(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    rows = [{"step": name, **flat(figures)} for name, figures in report.items() if isinstance(figures, dict)]
    for row in rows:
        print_table(
            [{"step": row.pop("step"), "": ""}, *({"step": f"  {k}", "": v} for k, v in row.items())], ("step", "")
        )


def flat(figures: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Nested figures as columns: {"full": {"n": 1}} is {"full n": 1}."""
    out: dict[str, Any] = {}
    for name, value in figures.items():
        if isinstance(value, dict):
            out.update(flat(value, f"{before}{name} "))
        elif isinstance(value, int | float | str):
            out[f"{before}{name}"] = value
    return out
