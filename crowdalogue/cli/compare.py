"""compare: what sets two groups of messages apart."""

from __future__ import annotations

from typing import Any

import click

from crowdalogue.cli.output import cell, print_json, print_table
from crowdalogue.cli.store import open_store

SHOWN = 40  # rows of the table for people; --json and --rows print more


@click.command()
@click.argument("one")
@click.argument("two")
@click.option("--rows", type=click.IntRange(1, 5_000), default=None, help="At most so many labels and words.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def compare(one: str, two: str, rows: int | None, as_json: bool) -> None:
    """Which labels and words set two groups of messages apart.

    ONE and TWO are filters as in the address of a page; all time and all brands unless they say otherwise. Messages
    in both groups count in the first, so "" as the second is the rest.

    \b
    Example:  crowdalogue compare "channel=email" "channel=sms"
              crowdalogue compare "sentiment=negative&period=28d" "" --json
    """
    open_store()
    from crowdalogue.relate import facts, groups
    from crowdalogue.relate.filters import EVERYTHING, parse

    first, second = parse(one, EVERYTHING), parse(two, EVERYTHING)
    facts.catch_up(600.0)
    found = groups.plain(groups.contrast(first, second), rows=rows or (500 if as_json else SHOWN))
    if as_json:
        print_json(found)
        return
    click.echo(f"First: {_group(found['one'])}\nSecond: {_group(found['two'])}\n")
    if found["refused"]:
        click.echo(found["refused"])
        return
    print_table([_line(row) for row in found["rows"]])
    click.echo(
        f"\n{found['stand']:,} of {found['looks']:,} differences stand after correcting for many looks "
        f"({found['method']['false_discovery_rate']:.0%} false discoveries)."
    )
    for caution in found["cautions"]:
        click.echo(caution)


def _group(group: dict[str, Any]) -> str:
    some = f", the {group['read']:,} newest compared" if group["read"] < group["messages"] else ""
    return f"{group['messages']:,} messages{some}, {group['authors']:,} people"


def _line(row: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {"kind": row["kind"], "value": row["value"]}
    out |= {name: f"{row[f'k{g}']:,} of {row[f'n{g}']:,}" for g, name in ((1, "first"), (2, "second"))}
    if row["too_few"]:
        return {**out, "times_as_often": "too few to say", "stands": False, "warning": ""}
    ratio, low, high = (cell(row[name]) for name in ("ratio", "ratio_low", "ratio_high"))
    warned = "; ".join(f"{'turns round' if w['turned'] else 'moves'} by {w['by']}" for w in row["warnings"])
    return {**out, "times_as_often": f"{ratio} ({low} to {high})", "stands": row["stands"], "warning": warned}
