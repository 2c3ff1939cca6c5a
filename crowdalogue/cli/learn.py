"""evaluate, label, train: how well messages are read, and making it better."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from crowdalogue.cli.output import as_json as to_json
from crowdalogue.cli.output import print_json, print_table
from crowdalogue.cli.store import open_store
from crowdalogue.errors import Failure

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.command()
@click.argument("step")
@click.argument("file", type=FILE)
@click.option("--column", default="text", show_default=True, help="The column that holds the messages.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def label(step: str, file: Path, column: str, as_json: bool) -> None:
    """Print what STEP (sentiment, intent, language, ...) says of every row of the CSV FILE.

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
    for batch in batches(file, column):
        documents = [Document(id=str(number), text=text) for number, text in batch]
        for document in pipeline.read(documents):
            found = document.findings.get(step)
            said, sure = (found.label, round(found.confidence, 4)) if found else ("", None)
            row = {"row": int(document.id), "label": said, "confidence": sure}
            if as_json:
                click.echo(to_json(row))
            else:
                writer.writerow([row["row"], said, sure, document.text])


def batches(file: Path, column: str, size: int = 512) -> Iterator[list[tuple[int, str]]]:
    with file.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        if column not in (reader.fieldnames or ()):
            known = ", ".join(reader.fieldnames or ()) or "none"
            raise Failure(f"{file.name} has no column {column}. Columns are: {known}. Name one with --column.")
        batch: list[tuple[int, str]] = []
        for number, row in enumerate(reader, 1):
            batch.append((number, row[column] or ""))
            if len(batch) == size:
                yield batch
                batch = []
        yield batch


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
@click.option("--train", "train_file", type=FILE, help="Train on this CSV first (text, label), for this figure only.")
@click.option("--test", "test_file", type=FILE, help="Score on this CSV (text, label) instead of our own examples.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(step: str | None, train_file: Path | None, test_file: Path | None, as_json: bool) -> None:
    """Say how often each step is right, or one STEP, on examples it has not seen.

    `identity` is no step: it says how well the people of the demo company were recognised.

    \b
    Example:  crowdalogue evaluate sentiment --test mine.csv
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
