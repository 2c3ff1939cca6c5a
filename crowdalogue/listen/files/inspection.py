"""What a file is, which column means what, a preview, and what will be odd about it: before anything is filed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils import timezone

from crowdalogue.channels.base import Incoming
from crowdalogue.errors import Failure
from crowdalogue.listen.files import columns as meaning
from crowdalogue.listen.files.dates import order_of
from crowdalogue.listen.files.mapper import Mapper, NotFiled
from crowdalogue.listen.files.readers import Row, Unreadable, open_table
from crowdalogue.listen.files.sniff import Form, sniff
from crowdalogue.models import Company

SAMPLE = 1000  # rows looked at before the person confirms
PREVIEW = 10
SHAPES = {
    "tweets": "a collection of tweets, customers and brands",
    "reviews": "reviews with ratings",
    "tickets": "support tickets",
    "export": "messages exported from Crowdalogue",
    "messages": "messages",
}


@dataclass
class Inspection:
    """What a file is and how it would be read. `mapping` is what `begin` takes, changed or not."""

    form: Form
    shape: str
    columns: list[str]
    mapping: dict[str, Any]
    rows: int | None  # None: not known before it is read
    samples: dict[str, list[str]] = field(default_factory=dict)  # column -> a few cells
    preview: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        return f"These look like {SHAPES[self.shape]}." if self.shape != "tweets" else f"This is {SHAPES['tweets']}."


def inspect(path: str | Path, name: str = "", mapping: Mapping[str, Any] | None = None) -> Inspection:
    """Look at a file's beginning. `mapping` holds choices of the person that overrule what is recognised.

    Raises `Failure` with cause and remedy for what is no table.
    """
    chosen = dict(mapping or {})
    path = Path(path)
    form, problems = sniff(path, str(chosen.get("encoding") or ""))
    table = open_table(path, form)
    head = list(islice(table.rows(), SAMPLE))
    sample = [row for row in head if not isinstance(row, Unreadable)]
    if not sample:
        raise Failure(nothing_readable(head))
    now = timezone.now()
    fields = meaning.recognise(table.columns, sample, now)
    shape = meaning.shape_of(table.columns, fields)
    proposed = propose(table.columns, sample, fields, shape, now, problems, "order" in chosen)
    proposed["form"] = form.as_json()
    proposed.update({k: v for k, v in chosen.items() if k not in ("encoding", "rating_max")})
    if "fields" in chosen:
        proposed["extras"] = further(table.columns, sample, proposed["fields"], shape)
    best = rating_max(table.columns, sample, proposed["fields"])
    proposed |= {"rating_max": best} if best else {}
    look = Inspection(form, shape, table.columns, proposed, table.total, problems=problems)
    look.samples = {n: meaning.filled([row[i] for row in sample[:50]])[:3] for i, n in enumerate(table.columns)}
    preview(look, head, now)
    return look


def nothing_readable(head: Sequence[Any]) -> str:
    if head:
        return f"None of the first {len(head)} rows can be read. {head[0].reason}"
    return "The file holds a header and no rows. Choose a file with messages."


def propose(
    names: Sequence[str],
    sample: Sequence[Row],
    fields: dict[str, str],
    shape: str,
    now: datetime,
    problems: list[str],
    order_chosen: bool,
) -> dict[str, Any]:
    place = {name: i for i, name in enumerate(names)}

    def cells(name: str) -> list[Any]:
        return [row[place[fields[name]]] for row in sample] if name in fields else []

    order, remark = order_of(cells("sent_at"), now)
    if remark and not order_chosen:
        problems.append(remark)
    company = Company.objects.first()
    return {
        "shape": shape,
        "fields": fields,
        "order": order,
        "timezone": company.timezone if company else "UTC",
        "channel": meaning.channel_of(shape, names, fields, meaning.filled(cells("author"))),
        "brand": "",
        "extras": further(names, sample, fields, shape),
    }


def rating_max(names: Sequence[str], sample: Sequence[Row], fields: Mapping[str, str]) -> int | None:
    """The most the column of ratings allows, as far as the beginning of the file tells."""
    column = fields.get("rating", "")
    if column not in names:
        return None
    place = list(names).index(column)
    return meaning.best_of(column, [row[place] for row in sample])


def further(names: Sequence[str], sample: Sequence[Row], fields: Mapping[str, str], shape: str) -> dict[str, str]:
    """Columns kept beside the message, with their type: all that mean nothing else."""
    used = set(fields.values())
    if shape == "tweets":
        used.update(n for n in names if meaning.plain(n) == "response tweet id")  # the answers name it themselves
    if shape == "export":
        return {}
    return {n: t for n, t in meaning.types_of(names, sample).items() if n not in used}


def preview(look: Inspection, head: Sequence[Row | Unreadable], now: datetime) -> None:
    """The first messages as they would be filed, and what is odd over the whole sample."""
    if "text" not in look.mapping["fields"]:
        look.problems.insert(0, "No column looks like the text of a message. Choose one.")
        return
    mapper = Mapper(look.columns, look.mapping, now)
    failed = remarked = 0
    for row in head:
        try:
            item = mapper.read(checked(row), mapper.key(checked(row)))
        except NotFiled:
            failed += 1
            continue
        remarked += "remark" in item.extra and item.sent_at is None
        if len(look.preview) < PREVIEW:
            look.preview.append(shown(item, mapper.account(checked(row))[0]))
    fields = look.mapping["fields"]
    if "sent_at" not in fields:
        look.problems.append("No column says when messages were written. They get the time of import.")
    elif remarked:
        look.problems.append(f"{remarked} of the first {len(head)} rows have no time to believe: they get a remark.")
    if failed:
        look.problems.append(f"{failed} of the first {len(head)} rows cannot be filed; they are listed with reasons.")
    if "author" not in fields:
        look.problems.append("No column says who wrote. Each conversation gets a person of its own.")
    if "id" not in fields:
        look.problems.append("No column numbers the messages. They are recognised by their whole content.")


def checked(row: Row | Unreadable) -> Row:
    if isinstance(row, Unreadable):
        raise NotFiled(row.reason)
    return row


def shown(item: Incoming, kind: str) -> dict[str, Any]:
    return {
        "id": item.external_id,
        "direction": "out" if item.author.ours else "in",
        "author": item.author.name or item.author.address,
        "sent_at": item.sent_at,
        "subject": item.subject,
        "text": item.text[:300],
        "channel": kind,
        "brand": item.author.brand or item.extra.get("brand", ""),
        "parent": item.parents[0] if item.parents else "",
        "thread": item.threads[0] if item.threads else "",
        "extra": {k: v for k, v in item.extra.items() if k != "brand"},
    }
