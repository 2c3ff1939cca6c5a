"""evaluate, label, train: how well messages are read, and making it better."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crowdalogue.cli.output import as_json as to_json
from crowdalogue.cli.output import print_json, print_table
from crowdalogue.cli.store import open_store
from crowdalogue.errors import Failure

if TYPE_CHECKING:
    from crowdalogue.analyze.document import Step
    from crowdalogue.analyze.labelled import Row


class Existing(click.Path):
    """A file that can be read, or one sentence about why not."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(value)
        if path.is_dir():
            raise Failure(f"{path} is a folder. Name a file in it.")
        if not path.exists():
            raise Failure(f"There is no file {path}. Look at how it is written, or name it with its folder.")
        return path


FILE = Existing()
# What people read on the card of a step rather than in a terminal.
LONG = ("by_group", "calibration", "confused")


@click.command()
@click.argument("step")
@click.argument("file", type=FILE)
@click.option("--column", default="text", show_default=True, help="The column that holds the messages.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def label(step: str, file: Path, column: str, as_json: bool) -> None:
    """Print what STEP (sentiment, intent, language, ...) says of every row of FILE (CSV, TSV or JSON lines).

    With --json, a line a row: {"id", "label", "confidence"}; the id is that of the column id, or the row's number.
    The label is empty where the step finds nothing, and und where it is not sure. For duplicate it names the group.

    \b
    Example:  crowdalogue label sentiment messages.csv > labelled.csv
    """
    import django

    django.setup()
    from crowdalogue.analyze.asked import step_named

    try:
        asked = step_named(step)
    except ValueError as wrong:
        raise Failure(str(wrong).replace("Choose one of", "Steps are")) from None
    writer = csv.writer(sys.stdout)
    for number, (row, said, sure) in enumerate(said_of(asked, batches(file, column)), 1):
        if as_json:
            click.echo(to_json({"id": row.id, "label": said, "confidence": sure}))
            continue
        if number == 1:
            writer.writerow(["row", step, "confidence", "text"])
        writer.writerow([number, said, sure, row.text])


def said_of(step: Step, parts: Iterable[list[Row]]) -> Iterator[tuple[Row, str, float | None]]:
    """Each row with what a step says of it and how surely; ("", None) where it finds nothing."""
    from crowdalogue.analyze import asked, copied
    from crowdalogue.analyze.document import Document

    groups = copied.Groups()
    first = 0
    for rows in parts:
        # Rows are told apart by their place: a file may give two of them the same id.
        documents = [Document(str(first + i), row.text) for i, row in enumerate(rows)]
        first += len(rows)
        if step.name == "duplicate":
            named = [key for _, key in groups.add(documents)]
            yield from ((row, key, 1.0) for row, key in zip(rows, named, strict=True))
            continue
        try:
            asked.read_by(step, documents)
        except ValueError as wrong:
            raise Failure(str(wrong)) from None
        for row, document in zip(rows, documents, strict=True):
            found = document.findings.get(step.name)
            yield (row, found.label, round(found.confidence, 4)) if found else (row, "", None)


def batches(file: Path, column: str, size: int = 512) -> Iterator[list[Row]]:
    """The rows of a file, so many at a time. Raises Failure where it cannot be read, or where it has none."""
    from crowdalogue.analyze.labelled import NoColumn, rows

    some, met = iter(rows(file, column)), False
    try:
        while batch := list(islice(some, size)):
            met = True
            yield batch
    except NoColumn as wrong:
        raise Failure(f"{wrong} Name the column of the messages with --column.") from None
    except ValueError as wrong:
        raise Failure(str(wrong)) from None
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
@click.option("--card", "cards", type=click.Path(path_type=Path), help="Write the figures into FOLDER/STEP.md, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(
    step: str | None, train_file: Path | None, test_file: Path | None, cards: Path | None, as_json: bool
) -> None:
    """Say how often each step is right, or one STEP, on examples it has not seen.

    Files are CSV, TSV or JSON lines. A STEP named category takes any labels, learned with --train; the label oos
    means none of the others. A column aspect, if there is one, holds the words a text is to be judged on. For
    duplicate a label names a group of copies. All steps take two to three minutes of CPU.
    `identity` is no step: it says how well the people of the demo company were recognised.

    \b
    Example:  crowdalogue evaluate sentiment --test mine.csv
              crowdalogue evaluate category --train known.csv --test new.csv --json
              crowdalogue evaluate urgency --card docs/models
              crowdalogue evaluate identity --json
    """
    if step == "identity":
        if test_file or train_file or cards:
            raise Failure("People are recognised in the demo company, not in files. Leave out the files and --card.")
        show({step: identity_figures()}, as_json)
        return
    import django

    django.setup()
    from crowdalogue.analyze import cards as model_cards
    from crowdalogue.analyze import quality

    if train_file and not test_file:
        raise Failure("A step trained on a file is scored on another one. Name it with --test.")
    if test_file and not step:
        raise Failure(
            "Say which step the labels of the file are for, such as: crowdalogue evaluate sentiment --test FILE"
        )
    if cards and test_file:
        raise Failure("A card holds the figures on our own examples. Leave out --test, or --card.")
    if cards and not cards.is_dir():
        raise Failure(f"There is no folder {cards}. Name the folder of the cards, such as docs/models.")
    report: dict[str, Any] = {}
    try:
        for name in [step] if step else quality.scorable():
            report[name] = quality.evaluate(name, test_file, train_file)
            if cards and name != quality.CATEGORY:  # what a file teaches has a card written by hand
                model_cards.write(cards, name, report[name])
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
    """Nested figures as columns: {"full": {"n": 1}} is {"full n": 1}; without what is long, which --json prints."""
    out: dict[str, Any] = {}
    for name, value in figures.items():
        if name in LONG:
            continue
        if name.endswith("interval") and isinstance(value, list):
            out[f"{before}{name}"] = " to ".join(f"{end:.3f}" for end in value)
        elif isinstance(value, dict):
            out.update(flat(value, f"{before}{name} "))
        elif isinstance(value, int | float | str):
            out[f"{before}{name}"] = value
    return out
