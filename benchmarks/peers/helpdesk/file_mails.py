"""Let django-helpdesk file a folder of mails by its own function, and print how long it took.

    python file_mails.py HOME MAILS [TICKETS]

Runs in django-helpdesk's environment, not in ours. SQLite with the same durability as ours (WAL, synchronous=FULL);
acknowledgements are not sent (its templates are not loaded), and attachments are kept, as by default. With TICKETS the
store holds so many tickets with one follow-up each before the clock starts.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
from pathlib import Path


def configure(home: Path) -> None:
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="only for this measurement",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(home / "helpdesk.sqlite3"),
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;",
                },
            }
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.sites",
            "django.contrib.humanize",
            "django.contrib.messages",
            "django.contrib.admin",
            "rest_framework",
            "helpdesk",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        MEDIA_ROOT=str(home / "media"),
        SITE_ID=1,
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        HELPDESK_TEAMS_MODE_ENABLED=False,
        ROOT_URLCONF="addresses",
    )
    django.setup()


def preload(tickets: int) -> None:
    from django.db import connection

    from helpdesk.models import FollowUp, Queue, Ticket

    queue = Queue.objects.get()
    connection.ensure_connection()
    store = connection.connection
    fill(store, Ticket(title="About my order", queue=queue, submitter_email="", description="x" * 150), tickets, {
        "submitter_email": "'person' || n || '@example.com'",
    })  # fmt: skip
    fill(store, FollowUp(ticket_id=1, title="E-Mail Received", comment="x" * 150), tickets, {
        "ticket_id": "n",
        "message_id": "'<' || n || '.0@example.com>'",
    })  # fmt: skip


def fill(store: object, like: object, count: int, expressions: dict[str, str]) -> None:
    """Insert `count` rows like one unsaved row, with SQL of `n` for some of its columns."""
    from django.db import connection

    fields = [f for f in like._meta.concrete_fields if not f.primary_key]
    columns = ", ".join(f'"{f.column}"' for f in fields)
    values = [f.get_db_prep_save(f.pre_save(like, True), connection) for f in fields if f.column not in expressions]
    places = ", ".join(expressions.get(f.column, "?") for f in fields)
    store.execute(
        f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {count}) "
        f'INSERT INTO "{like._meta.db_table}" ({columns}) SELECT {places} FROM c',
        values,
    )
    store.commit()


def main(home: Path, mails: Path, tickets: int) -> None:
    configure(home)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from helpdesk.email import extract_email_metadata
    from helpdesk.models import FollowUp, Queue, Ticket

    logging.disable(logging.CRITICAL)
    Queue.objects.create(title="Help", slug="help", email_address="help@example.com", allow_email_submission=True)
    if tickets:
        preload(tickets)
    before = FollowUp.objects.count()
    queue, logger = Queue.objects.get(), logging.getLogger("helpdesk")
    texts = [path.read_text() for path in sorted(mails.glob("*.eml"))]
    begin = time.perf_counter()
    for text in texts:
        extract_email_metadata(text, queue, logger)
    took = time.perf_counter() - begin
    print(
        json.dumps(
            {
                "seconds": took,
                "filed": FollowUp.objects.count() - before,
                "tickets": Ticket.objects.count() - tickets,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0)
