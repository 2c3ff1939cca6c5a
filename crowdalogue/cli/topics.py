"""topics: what a file of messages is about, or what the store's customers write about."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crowdalogue.cli.output import as_json as to_json
from crowdalogue.cli.output import print_json, print_table
from crowdalogue.errors import Failure

if TYPE_CHECKING:
    from crowdalogue.models import Topic

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
MOST_LISTED = 2_000  # topics of the store
LONGEST = 10_000_000  # characters of one message; its beginning is what is read
MOST = 200_000  # messages of one file: beyond it memory, not patience, is the limit


@click.command()
@click.argument("file", type=FILE, required=False)
@click.option("--column", default="text", show_default=True, help="The column that holds the messages.")
@click.option("--hierarchy", is_flag=True, help="Say the coarser topic of each topic, too.")
@click.option("--resting", is_flag=True, help="Without FILE: the topics that rest or were merged, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a row of FILE, in its order; else one object.")
def topics(file: Path | None, column: str, hierarchy: bool, resting: bool, as_json: bool) -> None:
    """Find what the messages of the CSV FILE are about, without any categories given; without FILE list the topics
    of the store.

    A FILE needs no store. With --json each row of it gets {"id", "topic", "name"}: its column id, or else the number
    of the row from 1. Without --json the topics are listed, the largest first.

    \b
    Example:  crowdalogue topics messages.csv
              crowdalogue topics messages.csv --json > topics.jsonl
              crowdalogue topics
    """
    if file is None:
        of_store(resting, as_json)
    else:
        of_file(file, column, hierarchy, as_json)


def of_store(resting: bool, as_json: bool) -> None:
    """The topics that messages of the store are about, as the newest fit left them."""
    from crowdalogue.cli.store import open_store

    open_store()
    from crowdalogue.models import Topic, TopicFit

    rows = Topic.objects.order_by("-messages_count", "pk")
    if not resting:
        rows = rows.exclude(state=Topic.State.RETIRED)
    lines = [described(row) for row in rows[:MOST_LISTED]]
    fit = TopicFit.objects.filter(ended_at__isnull=False).order_by("-ended_at").first()
    if as_json:
        print_json({"found_at": fit.ended_at if fit else None, "messages": fit.messages if fit else 0, "topics": lines})
        return
    if not lines:
        raise Failure(
            "There are no topics yet. The worker finds them every night, once 20 messages from customers were read."
        )
    print_table(lines, ("id", "topic", "messages", "different", "state", "within", "since"))


def described(row: Topic) -> dict[str, Any]:
    """`messages` are of the newest fit; `different` counts copies once."""
    merged = f"merged into {row.merged_into_id}" if row.merged_into_id else row.state
    return {
        "id": row.pk,
        "topic": str(row),
        "customers_words": row.name,
        "messages": row.messages_count,
        "different": row.unique_count,
        "state": merged,
        "within": row.group,
        "words": [phrase for phrase, _z, _n in row.words],
        "since": row.first_at,
    }


def of_file(file: Path, column: str, hierarchy: bool, as_json: bool) -> None:
    ids, texts = read(file, column)
    from crowdalogue.analyze import topics as finding

    found = finding.find(texts, vectors(texts))
    for remark in remarks(texts, sum(t.unique for t in found.topics), finding.FEW):
        click.echo(remark, err=True)
    if not as_json:
        print_table([summary(t, found, texts, hierarchy) for t in found.topics])
        return
    for id, number in zip(ids, found.topic.tolist(), strict=True):
        topic = found.topics[number]
        row: dict[str, Any] = {"id": id, "topic": number, "name": topic.name}
        if hierarchy:
            row |= {"group": topic.group, "group_name": found.groups[topic.group].name}
        click.echo(to_json(row))


def remarks(texts: list[str], different: int, enough: int) -> list[str]:
    """What to know of the file before its topics are believed; said beside the result, not in it."""
    silent = sum(not t.strip() for t in texts)
    said = []
    if not texts:
        said.append("The file has no rows, so there are no topics.")
    elif different < enough:
        said.append(
            f"Only {different} different messages: those that are clearly alike stand together, and what is like"
            f" nothing stands alone. From {enough} on topics are found."
        )
    if silent:
        said.append(f'{silent} of {len(texts)} rows have no text. They make the topic "no words".')
    return said


def read(file: Path, column: str) -> tuple[list[str | int], list[str]]:
    """Ids and texts. Raises `Failure` for a file without the column, or with more rows than fit."""
    before = csv.field_size_limit(LONGEST)
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            names = reader.fieldnames or ()
            if column not in names:
                known = ", ".join(names) or "none"
                raise Failure(f"{file.name} has no column {column}. Columns are: {known}. Name one with --column.")
            ids: list[str | int] = []
            texts: list[str] = []
            for number, row in enumerate(reader, 1):
                if number > MOST:
                    raise Failure(f"{file.name} has more than {MOST:,} rows. Split it, by month for instance.")
                ids.append((row["id"] or number) if "id" in names else number)
                texts.append(row[column] or "")
    except UnicodeDecodeError:
        raise Failure(f"{file.name} is not written in UTF-8. Save it as CSV UTF-8 and try again.") from None
    except csv.Error as wrong:
        raise Failure(f"{file.name} cannot be read as CSV ({wrong}).") from None
    finally:
        csv.field_size_limit(before)
    return ids, texts


def vectors(texts: list[str]) -> Any:
    """One vector a text, zeros for a text that says nothing; the same whatever the order of the texts."""
    import numpy as np

    from crowdalogue.analyze.steps import embedding
    from crowdalogue.text import encoder

    # The int8 encoder rounds a little differently in other company, so the company is always the same.
    said = sorted({t[: embedding.CHARACTERS] for t in texts if t.strip()})
    try:
        known = dict(zip(said, encoder.encode(said), strict=True)) if said else {}
    except encoder.EncoderMissing as error:
        raise Failure(str(error)) from None
    nothing = np.zeros(encoder.WIDTH, np.float32)
    rows = [known.get(t[: embedding.CHARACTERS], nothing) for t in texts]
    return np.stack(rows) if rows else np.empty((0, encoder.WIDTH), np.float32)


def summary(topic: Any, found: Any, texts: list[str], hierarchy: bool) -> dict[str, Any]:
    example = " ".join(texts[topic.representatives[0]].split())
    row = {"topic": topic.name, "messages": topic.size, "different": topic.unique}
    if hierarchy:
        row["within"] = found.groups[topic.group].name
    return row | {"for example": example if len(example) <= 60 else example[:59] + "…"}
