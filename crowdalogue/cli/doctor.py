"""doctor: looks at everything and says what is wrong, with the remedy."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import click

from crowdalogue.cli.output import print_json
from crowdalogue.cli.run import listens
from crowdalogue.cli.store import missing
from crowdalogue.errors import Failure

GIGABYTE = 1 << 30
LATE = timedelta(minutes=10)
START_WORKER = "Start the worker: crowdalogue run"
MARKS = {"ok": "ok     ", "caution": "caution", "problem": "problem"}


@dataclass(frozen=True)
class Said:
    """One thing looked at. `text` is what was found; `remedy` what to do, empty where all is well."""

    about: str
    state: Literal["ok", "caution", "problem"]
    text: str
    remedy: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(as_json: bool) -> None:
    """Look at settings, store, channels, queues, disk, encoder and clocks. Exit status 1 where something is wrong.

    \b
    Example:  crowdalogue doctor
    """
    import django

    django.setup()
    found = list(examine())
    wrong = any(one.state == "problem" for one in found)
    if as_json:
        print_json({"ok": not wrong, "checks": [asdict(one) for one in found]})
    else:
        for one in found:
            click.echo(f"{MARKS[one.state]}  {one.about}: {one.text}")
            if one.remedy:
                click.echo(f"         {one.remedy}")
    sys.exit(1 if wrong else 0)


def examine() -> Iterator[Said]:
    """Everything, in the order in which one thing rests on another."""
    yield from settings_seen()
    yield from disk()
    try:
        lacking = missing()
    except Failure as failure:
        cause, _, remedy = failure.text.partition(". ")
        yield Said("store", "problem", cause + ".", remedy)
        return
    yield from store(lacking)
    if lacking:
        return
    looks: tuple[Callable[[], Iterator[Said]], ...] = (channels, deliveries, reading, replies, imports, columns, clocks)
    for look in looks:
        yield from look()
    yield from encoder()
    yield from web()


def settings_seen() -> Iterator[Said]:
    from django.conf import settings

    yield Said("settings", "ok", f"home {settings.HOME}, address {settings.URL}")
    key = Path(settings.HOME) / "secret.key"
    if key.stat().st_mode & 0o077:
        yield Said("secret.key", "problem", "others on this machine can read it.", f"Run: chmod 600 {key}")
    if not settings.HTTPS and settings.BIND[0] not in ("127.0.0.1", "::1", "localhost"):
        yield Said(
            "address",
            "caution",
            "people reach it without HTTPS, so passwords travel in the clear.",
            "Put a proxy with a certificate before it and set CROWDALOGUE_URL=https://...",
        )


def disk() -> Iterator[Said]:
    from django.conf import settings

    usage = shutil.disk_usage(settings.HOME)
    free = f"{usage.free / GIGABYTE:.1f} GB free"
    if usage.free < GIGABYTE // 2:
        yield Said("disk", "problem", f"{free}; soon nothing can be saved.", "Make room, or move CROWDALOGUE_HOME.")
    elif usage.free < 2 * GIGABYTE or usage.free < usage.total // 50:
        yield Said("disk", "caution", f"{free}.", "Make room before it is full.")
    else:
        yield Said("disk", "ok", free)


def store(lacking: list[str]) -> Iterator[Said]:
    from django.db import connection

    if lacking:
        what = f"{len(lacking)} changes to the tables are missing."
        yield Said("store", "problem", what, "Run: crowdalogue setup")
        return
    if connection.vendor == "sqlite":
        path = Path(str(connection.settings_dict["NAME"]))
        yield Said("store", "ok", f"SQLite, {path.stat().st_size / (1 << 20):,.0f} MB")
    else:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            row = cursor.fetchone()
        yield Said("store", "ok", f"PostgreSQL {row[0] if row else ''}")


def channels() -> Iterator[Said]:
    from django.utils import timezone

    from crowdalogue.channels import channel_kinds
    from crowdalogue.models import Account

    known = channel_kinds()
    accounts = list(Account.objects.exclude(state=Account.State.PAUSED).order_by("id")[:500])
    silent_since = timezone.now() - 2 * LATE
    wrong = 0
    for account in accounts:
        asked = account.kind in known and known[account.kind].polls
        if account.state == Account.State.BROKEN or account.failures:
            wrong += 1
            remedy = "Open it under Settings, Channels; it is tried again by itself."
            yield Said(f"channel {account.name}", "problem", account.last_error or "it does not answer.", remedy)
        elif asked and account.created_at < silent_since and (account.last_success_at or silent_since) <= silent_since:
            wrong += 1
            yield Said(
                f"channel {account.name}",
                "problem",
                "nobody has asked it for a while.",
                START_WORKER,
            )
    if not wrong:
        yield Said("channels", "ok", f"{len(accounts)} connected" if accounts else "none connected yet")


def deliveries() -> Iterator[Said]:
    from django.utils import timezone

    from crowdalogue.models import Delivery

    waiting = Delivery.objects.filter(state="kept", received_at__lt=timezone.now() - LATE)[:1000].count()
    failed = Delivery.objects.filter(state="failed")[:1000].count()
    if waiting:
        yield Said("deliveries", "problem", f"{waiting} wait to be filed.", START_WORKER)
    if failed:
        remedy = "Look at them under Settings, Deliveries; replay them after a fix."
        yield Said("deliveries", "caution", f"{failed} were kept but not understood.", remedy)
    if not waiting and not failed:
        yield Said("deliveries", "ok", "all filed")


def reading() -> Iterator[Said]:
    from django.utils import timezone

    from crowdalogue.models import Message

    # By when the row was made: an import and the demo company bring messages that came in long ago.
    waiting = Message.objects.filter(read_at__isnull=True, changed_at__lt=timezone.now() - LATE)[:1000].count()
    if waiting:
        many = "1,000 or more" if waiting == 1000 else str(waiting)
        yield Said("reading", "problem", f"{many} messages wait to be read.", START_WORKER)
    else:
        yield Said("reading", "ok", "nothing is late")


def replies() -> Iterator[Said]:
    from django.utils import timezone

    from crowdalogue.models import Reply

    late = Reply.objects.filter(state="queued", not_before__lt=timezone.now() - LATE).count()
    unsure = Reply.objects.filter(state="uncertain").count()
    failed = Reply.objects.filter(state="failed").count()
    if late:
        yield Said("replies", "problem", f"{late} wait to be sent.", START_WORKER)
    if unsure or failed:
        remedy = "Their conversations show why, and can send them again."
        yield Said("replies", "caution", f"{failed} were not sent, {unsure} perhaps.", remedy)
    if not (late or unsure or failed):
        yield Said("replies", "ok", "all sent")


def imports() -> Iterator[Said]:
    from crowdalogue.models import Import

    failed = Import.objects.filter(state="failed").order_by("-id")[:5]
    for run in failed:
        yield Said(
            f"import {run.name}", "caution", run.reason or "it failed.", "Open it under Imports, or import it anew."
        )
    if not failed:
        yield Said("imports", "ok", f"{Import.objects.filter(state__in=('waiting', 'running')).count()} at work")


def columns() -> Iterator[Said]:
    from django.utils import timezone

    from crowdalogue.models import Message
    from crowdalogue.relate import facts

    as_of = facts.as_of()
    changes = Message.objects.order_by("changed_at" if as_of is None else "-changed_at")
    changed = changes.values_list("changed_at", flat=True).first()
    if changed and timezone.now() - changed > LATE and (as_of is None or changed - as_of > LATE):
        text = f"figures are as of {as_of:%Y-%m-%d %H:%M} UTC." if as_of else "figures were never made."
        yield Said("columns", "problem", text, START_WORKER)
    else:
        yield Said("columns", "ok", "figures are fresh" if as_of else "nothing to count yet")


def clocks() -> Iterator[Said]:
    from django.db import connection
    from django.utils import timezone

    from crowdalogue.models import LiveEvent

    here = timezone.now()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            row = cursor.fetchone()
        there = row[0] if row else here
    else:
        there = LiveEvent.objects.order_by("-id").values_list("at", flat=True).first() or here
        there = max(there, here)  # older is only natural; newer means that our clock went back
    apart = abs((there - here).total_seconds())
    if apart > 30:
        text = f"this machine and the store are {apart:.0f} s apart."
        yield Said("clocks", "problem", text, "Let both keep their time by NTP.")
    else:
        yield Said("clocks", "ok", f"{here:%Y-%m-%d %H:%M:%S} UTC")


def encoder() -> Iterator[Said]:
    from crowdalogue.text import encoder

    try:
        built = encoder.model_path().exists()
    except encoder.EncoderMissing as error:
        yield Said("encoder", "caution", "messages are read by words alone.", str(error))
        return
    if built:
        yield Said("encoder", "ok", "built")
    else:
        yield Said("encoder", "caution", "it is built at first use.", "Or now: crowdalogue setup")


def web() -> Iterator[Said]:
    from django.conf import settings

    vendor = Path(__file__).parents[1] / "web" / "static" / "vendor"
    if not vendor.is_dir() or not any(vendor.iterdir()):
        yield Said("page assets", "problem", "scripts of the pages are missing.", "Run: make setup")
    host, port = settings.BIND
    running = listens(host, port)
    yield Said("web server", "ok", f"answers at {settings.URL}" if running else "not running at this moment")
