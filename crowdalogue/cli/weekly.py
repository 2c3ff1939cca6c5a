"""weekly: what changed in one week beyond chance."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from crowdalogue.cli.output import print_json
from crowdalogue.cli.store import open_store


@click.command()
@click.argument("filters", default="")
@click.option("--week", type=click.DateTime(["%Y-%m-%d"]), help="Any day of it; by default the last week that is over.")
@click.option("--anew", is_flag=True, help="Compose it again, from what is known now.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def weekly(filters: str, week: datetime | None, anew: bool, as_json: bool) -> None:
    """What changed in one week, how sure it is, what was done, what there is to decide.

    FILTERS are those in the address of a page, such as one product or channel. The page is kept as it was composed
    first; --anew replaces it.

    \b
    Example:  crowdalogue weekly
              crowdalogue weekly "channel=email" --week 2026-11-09 --json
    """
    open_store()
    from django.utils import timezone

    from crowdalogue import flow
    from crowdalogue.errors import Failure
    from crowdalogue.relate import facts
    from crowdalogue.relate.filters import parse

    last = flow.newest_week(timezone.now())
    monday = week.date() - timedelta(days=week.weekday()) if week else last
    if monday > last:
        raise Failure(f"That week is not over. The last one that is began on {last}.")
    facts.catch_up(600.0)
    row = flow.compose_week(monday, parse(filters).cleared("period").to_query(), anew=anew)
    content = row.content
    if as_json:
        print_json(content)
        return
    click.echo(
        f"The week of {row.start}: {content.get('messages', 0):,} messages of {content.get('people', 0):,} people"
    )
    for title, name in (("What changed", "changed"), ("What was done", "done"), ("What there is to decide", "decide")):
        if lines := content.get(name):
            click.echo(f"\n{title}")
            for line in lines:
                click.echo(f"  {line['text']}" + (f"\n      {line['sure']}" if line.get("sure") else ""))
    if content.get("refused"):
        click.echo(f"\n{content['refused']}")
