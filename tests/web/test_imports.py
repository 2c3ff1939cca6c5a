"""Imports on the page: choose, look, confirm, watch, stop, resume, download what failed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from crowdalogue import flow
from crowdalogue.listen import imports
from crowdalogue.models import Account, Audit, Brand, Import, Message, User

pytestmark = pytest.mark.django_db
For = Callable[..., Client]
CONTENT = "id,said,who,day\n1,Where is my parcel?,ann,03/04/2024\n2,=1+1 and more,bob,04/04/2024\n3,,cleo,05/04/2024\n"


@pytest.fixture
def client(client_for: For, owner: User) -> Client:
    return client_for(owner)


def upload(client: Client, content: str | bytes = CONTENT, name: str = "past.csv") -> Import:
    data = content.encode() if isinstance(content, str) else content
    answer = client.post(reverse("import_new"), {"file": SimpleUploadedFile(name, data)})
    assert answer.status_code == 302, answer.content.decode()
    return Import.objects.latest("id")


def test_a_file_is_looked_at_confirmed_and_run(client: Client) -> None:
    run = upload(client)
    assert (run.state, run.name) == ("draft", "past.csv")
    page = client.get(reverse("import", args=[run.pk])).content.decode()
    assert "03/04/2024 can be read two ways" in page and "Where is my parcel?" in page
    assert not Message.objects.exists()  # nothing is filed before somebody says so
    columns = {"column-0": "id", "column-1": "text", "column-2": "author", "column-3": "sent_at"}
    answer = client.post(
        reverse("import", args=[run.pk]), columns | {"do": "start", "order": "mdy", "channel": "review"}
    )
    assert answer.status_code == 302
    run.refresh_from_db()
    assert run.state == "waiting" and run.mapping["order"] == "mdy" and run.mapping["channel"] == "review"
    imports.run(run, file=flow.file)
    message = Message.objects.get(external_id="1")
    assert (message.sent_at.month, message.sent_at.day, message.channel) == (3, 4, "review")
    done = client.get(reverse("import", args=[run.pk])).content.decode()
    assert "2 messages are new" in done and "1 row" in done
    assert set(Audit.objects.values_list("deed", flat=True)) >= {"import_begun", "imported"}


def test_looking_again_shows_the_choice_and_files_nothing(client: Client) -> None:
    run = upload(client, "a,b\nhello there,what a nice day it is\n")
    answer = client.post(reverse("import", args=[run.pk]), {"column-0": "text", "do": "look"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert re.search(r'<td class="said">\s*hello there', page)
    run.refresh_from_db()
    assert run.state == "draft" and run.mapping["fields"] == {"text": "a"}


def test_without_a_text_column_it_does_not_start(client: Client) -> None:
    run = upload(client)
    answer = client.post(reverse("import", args=[run.pk]), {"column-0": "id", "do": "start"})
    assert answer.status_code == 422
    assert "No column looks like the text of a message" in answer.content.decode()
    run.refresh_from_db()
    assert run.state == "draft"


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-8-sig", "cp1252"])
def test_letters_stay_as_recognised_when_nothing_else_is_chosen(client: Client, encoding: str) -> None:
    run = upload(client, ("id,text\n" + "1,Grüße aus Köln\n" * 9).encode(encoding))
    page = client.get(reverse("import", args=[run.pk])).content.decode()
    shown = re.search(r'<option value="([\w-]+)" selected>[^<]*(?:UTF|Windows)', page)
    assert shown
    given = {"column-0": "id", "column-1": "text", "encoding": shown[1]}
    for do in ("look", "start"):
        client.post(reverse("import", args=[run.pk]), given | {"do": do})
    run.refresh_from_db()
    imports.run(run, file=flow.file)
    assert set(Message.objects.values_list("text", flat=True)) == {"Grüße aus Köln"}


def test_account_and_brand_can_be_chosen(client: Client, account: Callable[..., Account], brand: Brand) -> None:
    run = upload(client)
    chosen = account("webhook", name="Shop")
    given = {"column-1": "text", "do": "start", "account": chosen.pk, "brand": brand.pk}
    client.post(reverse("import", args=[run.pk]), given)
    run.refresh_from_db()
    imports.run(run, file=flow.file)
    conversation = Message.objects.latest("id").conversation
    assert conversation.account == chosen and conversation.brand == brand


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b"PK\x03\x04 and so on", "Excel workbook"), (b"%PDF-1.7", "is a PDF")],
)
def test_a_file_that_is_no_table_is_refused_beside_the_field(client: Client, content: bytes, words: str) -> None:
    answer = client.post(reverse("import_new"), {"file": SimpleUploadedFile("x.csv", content)})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(rf'id="file-wrong".*{words}', page)
    assert not Import.objects.exists()
    assert not [p for p in (Path(settings.HOME) / "imports").iterdir() if p.name.endswith("x.csv")]


def test_no_file_is_said(client: Client) -> None:
    answer = client.post(reverse("import_new"), {})
    assert answer.status_code == 422 and "No file was chosen" in answer.content.decode()


def test_a_file_in_the_folder_is_offered_and_any_other_path_is_not(client: Client, tmp_path: Path) -> None:
    lying = Path(settings.HOME) / "imports" / "large.csv"
    lying.write_text(CONTENT)
    secret = tmp_path / "secret.csv"
    secret.write_text(CONTENT)
    try:
        assert "large.csv" in client.get(reverse("import_new")).content.decode()
        for path in (str(secret), f"../{lying.name}", "../secret.key"):
            assert client.post(reverse("import_new"), {"chosen": path}).status_code == 422
        assert client.post(reverse("import_new"), {"chosen": "large.csv"}).status_code == 302
        run = Import.objects.get()
        assert run.path == "large.csv"
        client.post(reverse("import_do", args=[run.pk, "drop"]))
        assert not Import.objects.exists() and lying.exists()  # only uploads go with their draft
    finally:
        lying.unlink()


def test_a_draft_thrown_away_takes_its_upload_with_it(client: Client) -> None:
    run = upload(client)
    path = imports.path_of(run)
    assert path.exists()
    client.post(reverse("import_do", args=[run.pk, "drop"]))
    assert not path.exists() and not Import.objects.exists()


def test_stop_and_resume(client: Client) -> None:
    run = upload(client)
    client.post(reverse("import", args=[run.pk]), {"column-1": "text", "do": "start"})
    moving = client.get(reverse("import_progress", args=[run.pk])).content.decode()
    assert 'hx-trigger="every 1s"' in moving
    client.post(reverse("import_do", args=[run.pk, "stop"]))
    run.refresh_from_db()
    assert run.state == "stopped"
    still = client.get(reverse("import_progress", args=[run.pk])).content.decode()
    assert "hx-trigger" not in still and "Go on" in still
    client.post(reverse("import_do", args=[run.pk, "resume"]))
    run.refresh_from_db()
    assert run.state == "waiting"


def test_rows_that_failed_are_downloaded_and_the_download_is_audited(client: Client) -> None:
    run = upload(client, 'id,text,who\n1,,=HYPERLINK("http://example.com")\n2,hello,ann\n')
    client.post(reverse("import", args=[run.pk]), {"column-0": "id", "column-1": "text", "do": "start"})
    run.refresh_from_db()
    imports.run(run, file=flow.file)
    answer = client.get(reverse("import_failures", args=[run.pk]))
    body = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    (row,) = csv.DictReader(io.StringIO(body))
    assert row["who"].startswith("'=HYPERLINK") and row["reason"] == "It has no text."
    assert Audit.objects.filter(deed="exported", what__contains="past.csv").exists()


def test_an_agent_cannot_touch_an_import(client_for: For, client: Client, helper: User) -> None:
    run = upload(client)
    agent = client_for(helper)
    for name in ("import", "import_progress", "import_failures"):
        assert agent.get(reverse(name, args=[run.pk])).status_code == 403
    assert agent.post(reverse("import_do", args=[run.pk, "drop"])).status_code == 403
    assert Import.objects.filter(pk=run.pk).exists()


def test_the_list_names_every_import_and_moves_while_one_runs(client: Client) -> None:
    assert "Nothing was imported yet" in client.get(reverse("imports")).content.decode()
    run = upload(client)
    assert "Columns to confirm" in client.get(reverse("imports")).content.decode()
    client.post(reverse("import", args=[run.pk]), {"column-1": "text", "do": "start"})
    assert 'hx-trigger="every 2s"' in client.get(reverse("imports")).content.decode()
