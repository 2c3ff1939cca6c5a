"""Files of past messages: what is recognised, what is refused, and that nothing is lost or filed twice."""

from __future__ import annotations

import csv
import io
import json
import threading
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import connection

from crowdalogue import flow
from crowdalogue.errors import Failure
from crowdalogue.listen import exports, imports
from crowdalogue.listen.files.mapper import Mapper
from crowdalogue.listen.files.readers import open_table
from crowdalogue.models import Account, Brand, Company, Conversation, Handle, Import, Message, Person

pytestmark = pytest.mark.django_db

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(content: str | bytes, name: str = "messages.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return make


def run(path: Path, **more: Any) -> Import:
    return imports.run(imports.begin(path, **more), file=flow.file)


def table(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


# --- Known collections


def test_care_tweets_are_filed_whole_and_once(data: Path) -> None:
    done = run(data / "care_tweets" / "tweets.csv")
    assert done.state == "done" and done.position == done.rows == 5000
    assert done.counts["new"] == {"messages": 5000, "conversations": 1312, "persons": 1443, "brand_accounts": 76}
    assert (done.counts["in"], done.counts["out"], done.counts["failed"]) == (2778, 2222, 0)
    assert (Conversation.objects.count(), Person.objects.count()) == (1312, 1443)
    assert Handle.objects.filter(ours=True, brand__isnull=False).count() == 76
    assert Brand.objects.filter(name="sprintcare").exists()
    again = run(data / "care_tweets" / "tweets.csv")
    assert again.counts["new"]["messages"] == again.counts["new"]["conversations"] == 0
    assert again.counts["repeated"] == 5000
    assert Message.objects.count() == 5000
    answered = set(Message.objects.filter(direction="out").values_list("parent", flat=True))
    asked = Message.objects.filter(direction="in").values_list("external_id", flat=True)
    assert sum(name not in answered for name in asked) == 695  # without a direct reply of the brand


def test_reviews_keep_their_ratings_typed(data: Path) -> None:
    done = run(data / "reviews" / "airline_seat.csv")
    assert done.counts["new"]["messages"] == 1258 and done.counts["failed"] == 0
    first = Message.objects.get(text__startswith="LHR to Larnaca return")
    assert first.extra["rating_max"] == 10
    assert first.extra["rating"] == 10.0 and first.extra["seat_legroom_rating"] == 4
    assert first.channel == "review" and first.public and first.conversation.brand.name == "aegean-airlines"
    assert first.sent_at == datetime(2015, 7, 20, tzinfo=UTC)
    bogus = [
        extra for extra in Message.objects.values_list("extra", flat=True) if "too long" in extra.get("remark", "")
    ]
    assert len(bogus) == done.counts["remarks"] == 26
    assert run(data / "reviews" / "airline_seat.csv").counts["new"]["messages"] == 0


def test_tickets_go_to_one_account_a_channel(data: Path) -> None:
    look = imports.inspect(data / "tickets_synthetic" / "tickets.csv")
    assert look.shape == "tickets"
    fields = look.mapping["fields"]
    assert (fields["text"], fields["author"], fields["channel"]) == (
        "Ticket Description",
        "Customer Email",
        "Ticket Channel",
    )
    assert "sent_at" not in fields  # neither of its times is when the customer wrote
    assert {row["channel"] for row in look.preview} <= {"email", "phone", "webchat", "social"}
    assert look.mapping["extras"]["Customer Age"] == "number"


# --- Recognition


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("id;Nachricht;Absender;Datum", {"text": "Nachricht", "author": "Absender", "sent_at": "Datum"}),
        ("id;mensaje;remitente;fecha", {"text": "mensaje", "author": "remitente", "sent_at": "fecha"}),
        ("id;commentaire;auteur;date", {"text": "commentaire", "author": "auteur", "sent_at": "date"}),
        (
            "messageId;Message Text;userName;createdAt",
            {"text": "Message Text", "author": "userName", "id": "messageId"},
        ),
    ],
)
def test_columns_are_known_in_several_languages(write: Write, header: str, fields: dict[str, str]) -> None:
    look = imports.inspect(write(f"{header}\n1;Where is my parcel, please;ann;2024-05-03 10:00\n"))
    assert look.form.delimiter == ";"
    assert fields.items() <= look.mapping["fields"].items()


def test_a_file_without_header_is_read_by_what_stands_in_it(write: Write) -> None:
    look = imports.inspect(write("2024-05-03 10:00,My parcel never came to me\n2024-05-04 11:00,Thank you very much\n"))
    assert not look.form.header
    assert look.mapping["fields"] == {"text": "column 2", "sent_at": "column 1"}
    assert [row["text"] for row in look.preview] == ["My parcel never came to me", "Thank you very much"]


def test_an_email_address_is_the_author_and_the_name_beside_it_the_name(write: Write) -> None:
    look = imports.inspect(write("customer,email,text\nAnn Example,ann@example.com,hello there\n"))
    assert look.mapping["fields"] == {"text": "text", "author": "email", "author_name": "customer"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252", "utf-8"])
def test_encodings(write: Write, encoding: str) -> None:
    text = "text,author\n" + "Schöne Grüße aus Köln – die Lieferung kam “nicht”,jörg\n" * 20
    look = imports.inspect(write(text, encoding=encoding))
    assert look.preview[0]["text"] == "Schöne Grüße aus Köln – die Lieferung kam “nicht”"
    assert any("not UTF-8" in p for p in look.problems) is (encoding == "cp1252")


def test_another_encoding_can_be_chosen_and_a_wrong_one_is_said(write: Write) -> None:
    path = write("text,author\nПосылка не пришла,Иван\n", encoding="koi8_r")
    assert imports.inspect(path, mapping={"encoding": "koi8_r"}).preview[0]["text"] == "Посылка не пришла"
    with pytest.raises(Failure, match=r"cannot be read as UTF-16\. Choose another encoding"):
        imports.inspect(write("text\nodd length!\n"), mapping={"encoding": "utf-16"})


def test_quoted_newlines_nul_bytes_and_stray_bytes(write: Write) -> None:
    content = b'id,text,author\n1,"line one\nline, two",ann\n2,nul\x00 inside,bob\n'
    content += "".join(f"{i},größer,cleo\n" for i in range(10, 40)).encode()
    content += b"4,gr\xf6\xdfer,dora\n"
    done = run(write(content))
    texts = dict(Message.objects.values_list("external_id", "text"))
    assert texts["1"] == "line one\nline, two" and texts["2"] == "nul inside" and texts["4"] == "größer"
    assert done.counts["failed"] == 0


FORMATS = [
    ("2024-05-03T10:11:12Z", datetime(2024, 5, 3, 10, 11, 12, tzinfo=UTC)),
    ("2024-05-03 10:11:12+02:00", datetime(2024, 5, 3, 8, 11, 12, tzinfo=UTC)),
    ("Fri, 03 May 2024 10:11:12 +0000", datetime(2024, 5, 3, 10, 11, 12, tzinfo=UTC)),
    ("Fri May 03 10:11:12 +0000 2024", datetime(2024, 5, 3, 10, 11, 12, tzinfo=UTC)),
    ("23/05/2024 10:11", datetime(2024, 5, 23, 10, 11, tzinfo=UTC)),
    ("05/23/2024 10:11 PM", datetime(2024, 5, 23, 22, 11, tzinfo=UTC)),
    ("23.05.2024, 10:11:12", datetime(2024, 5, 23, 10, 11, 12, tzinfo=UTC)),
    ("1714731072", datetime(2024, 5, 3, 10, 11, 12, tzinfo=UTC)),
    ("1714731072000", datetime(2024, 5, 3, 10, 11, 12, tzinfo=UTC)),
    ("45415.5", datetime(2024, 5, 3, 12, 0, tzinfo=UTC)),
    ("3 May 2024 10:11", datetime(2024, 5, 3, 10, 11, tzinfo=UTC)),
]


@pytest.mark.parametrize(("written", "meant"), FORMATS, ids=[w for w, _ in FORMATS])
def test_dates_in_many_formats(write: Write, written: str, meant: datetime) -> None:
    look = imports.inspect(write(table([{"text": "hello there", "author": "ann", "date": written}])))
    assert look.preview[0]["sent_at"] == meant


def test_times_without_zone_are_the_companys(write: Write, company: Company) -> None:
    Company.objects.update(timezone="America/New_York")
    look = imports.inspect(write("text,date\nhello there,2024-01-03 10:00\n"))
    assert look.preview[0]["sent_at"] == datetime(2024, 1, 3, 15, tzinfo=UTC)


def test_day_or_month_first_is_decided_over_the_file_and_said_when_it_cannot_be(write: Write) -> None:
    day_first = imports.inspect(write("text,date\nhello there,03/04/2024\nhello again,25/04/2024\n"))
    assert day_first.preview[0]["sent_at"] == datetime(2024, 4, 3, tzinfo=UTC) and not told(day_first, "two ways")
    month_first = imports.inspect(write("text,date\nhello there,03/04/2024\nhello again,04/25/2024\n"))
    assert month_first.preview[0]["sent_at"] == datetime(2024, 3, 4, tzinfo=UTC)
    unclear = imports.inspect(write("text,date\nhello there,03/04/2024\n"))
    assert told(unclear, "03/04/2024 can be read two ways. They are read day first")
    chosen = imports.inspect(write("text,date\nhello there,03/04/2024\n"), mapping={"order": "mdy"})
    assert chosen.preview[0]["sent_at"] == datetime(2024, 3, 4, tzinfo=UTC) and not told(chosen, "two ways")


def told(look: imports.Inspection, words: str) -> bool:
    return any(words in problem for problem in look.problems)


def test_dates_in_the_future_are_kept_with_a_remark(write: Write) -> None:
    later = (datetime.now(UTC) + timedelta(days=40)).isoformat()
    before = datetime.now(UTC)
    done = run(write(table([{"id": "1", "text": "from tomorrow", "date": later}])))
    message = Message.objects.get()
    assert done.counts["remarks"] == 1 and done.counts["failed"] == 0
    assert before <= message.sent_at <= datetime.now(UTC)
    assert "lies in the future; the time of import is used" in message.extra["remark"]


# --- Other formats


ROWS = [
    {"id": "a1", "text": "Where is my order?", "author": "ann", "created_at": "2024-05-03T10:00:00Z", "stars": 2},
    {"id": "a2", "text": "On its way", "author": "shop", "created_at": "2024-05-03T10:05:00Z", "in_reply_to": "a1"},
]


def test_json_lines_with_a_broken_line(write: Write) -> None:
    content = json.dumps(ROWS[0]) + "\n{broken\n\n[1,2]\n" + json.dumps(ROWS[1]) + "\n"
    done = run(write(content, "messages.jsonl"))
    assert done.counts["new"]["messages"] == 2 and done.counts["new"]["conversations"] == 1
    reasons = dict(done.failures.values_list("row", "reason"))
    assert reasons == {2: "The line is not valid JSON.", 3: "It is not a JSON object with names and values."}
    rated = Message.objects.get(external_id="a1").extra
    assert (rated["rating"], rated["rating_max"]) == (2, 5)


@pytest.mark.parametrize("wrap", ["{}", '{{"messages": {}, "total": 2}}'])
def test_a_json_array_alone_or_in_an_object(write: Write, wrap: str) -> None:
    done = run(write(wrap.format(json.dumps(ROWS, indent=2)), "messages.json"))
    assert done.counts["new"]["messages"] == 2 and done.counts["failed"] == 0


def test_characters_no_store_takes_are_left_out(write: Write) -> None:
    odd = "a\x00b\ud800c"
    names = ("id", "text", "author", "author_name", "subject", "brand", "country", "thread", "in_reply_to", "mood")
    rows = [{name: f"{name} {odd} {i}" for name in names} | {"direction": "out" if i else "in"} for i in range(2)]
    rows.append(rows[0] | {"id": f"no text {odd}", "text": "", "subject": None})
    done = run(write("\n".join(json.dumps(row) for row in rows), "odd.jsonl"))
    assert done.counts["new"]["messages"] == 2 and done.counts["failed"] == 1
    assert Message.objects.get(direction="in").text == "text ab?c 0"
    assert Brand.objects.filter(name="brand ab?c 1").exists()


def test_a_brand_with_an_endless_name_is_cut(write: Write) -> None:
    run(write(f"text,author,direction,brand\nhello there,shop,out,{'b' * 60}{'c' * 100}\n", "long.csv"), mapping=LONG)
    assert Brand.objects.get().name == "b" * 60 + "c" * 60


LONG = {"fields": {"text": "text", "author": "author", "direction": "direction", "brand": "brand"}}


def test_nested_json_and_keys_that_come_late(write: Write) -> None:
    rows = [{"text": f"hello {i}", "user": {"name": f"u{i}"}} for i in range(1500)] + [{"text": "late", "mood": "good"}]
    run(write("\n".join(json.dumps(r) for r in rows), "nested.jsonl"))
    assert Message.objects.get(text="hello 7").handle.address == "u7"
    assert Message.objects.get(text="late").extra["mood"] == "good"


def test_parquet(tmp_path: Path) -> None:
    when = datetime(2024, 5, 3, 10, tzinfo=UTC)
    columns = {"id": [1, 2], "text": ["Where is it?", None], "created_at": [when, when], "author": ["ann", "bob"]}
    pq.write_table(pa.table(columns), tmp_path / "messages.parquet")
    done = run(tmp_path / "messages.parquet")
    assert done.rows == 2 and done.counts["new"]["messages"] == 1
    assert Message.objects.get().sent_at == when
    assert done.failures.get().reason == "It has no text."


# --- What is refused, in the words a person reads


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("messages.csv", "text\nhello\n")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty. Choose a file with a table of messages."),
        (b"  \n\n ", "nothing but blanks"),
        (b"text,author\n", "a header and no rows"),
        (zipped(), "a ZIP archive or an Excel workbook. Open it, save the table as CSV"),
        (b"%PDF-1.7 ...", "This file is a PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "This file is a picture"),
        (bytes(range(256)) * 20, "not text"),
        (b"<!DOCTYPE html><html></html>", "a web page or XML"),
        (b'{"one": 1,\n "two": 2}', "one JSON object, not a list of messages"),
        (b"PAR1 and then nothing", "damaged or cut off"),
        (b'[{"text": "hello there"}, {"text"', "broken or cut off"),
    ],
)
def test_what_is_no_table_is_refused_with_cause_and_remedy(write: Write, content: bytes, words: str) -> None:
    with pytest.raises(Failure) as refused:
        imports.inspect(write(content))
    assert words in refused.value.text


@pytest.mark.parametrize("start", [b"text,author\n", b'{"text": "', b'[{"text": "', b'text,author\n"', b""])
def test_a_line_without_end_is_refused_without_reading_it(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "endless.csv"
    with path.open("wb") as file:
        file.write(start + b"a " * 3_000_000)
        file.truncate(2_000_000_000)  # the rest is a hole, which takes no disk
    tracemalloc.start()
    with pytest.raises(Failure) as refused:
        imports.run(imports.begin(path), file=flow.file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "longer than 1 MB" in refused.value.text
    assert peak < 64_000_000
    assert not Message.objects.exists()


def test_no_text_column_is_said_with_the_columns_there_are(write: Write) -> None:
    with pytest.raises(Failure, match=r"No column looks like the text of a message\. Columns are: a, b"):
        imports.begin(write("a,b\n1,2\n3,4\n"))


# --- Rows that fail


def test_rows_that_fail_are_listed_and_downloaded_with_formulas_neutralised(write: Write) -> None:
    content = 'id,text,author,direction\n1,hello there,ann,in\n2,,=HYPERLINK("x"),in\n3,more,bob,sideways\n4,a,b,in,c\n'
    # Twenty good rows, so that `direction` is recognised for what it is.
    content += "".join(f"{i},fine,ann,out\n" for i in range(10, 40))
    done = run(write(content))
    assert done.counts["failed"] == 3 and done.counts["new"]["messages"] == 31
    out = io.StringIO()
    assert imports.failures_csv(done, out) == 3
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert [row["row"] for row in rows] == ["2", "3", "4"]
    assert rows[0]["reason"] == "It has no text." and rows[0]["author"] == '\'=HYPERLINK("x")'
    assert "says 'sideways'" in rows[1]["reason"] and "5 cells where the header has 4" in rows[2]["reason"]


def test_one_id_twice(write: Write) -> None:
    done = run(write("id,text,author\n1,hello,ann\n1,hello,ann\n1,something else,ann\n"))
    assert Message.objects.get().text == "hello"
    assert (done.counts["repeated"], done.counts["differing"], done.counts["failed"]) == (2, 1, 0)
    assert "came before in this file with other content" in done.failures.get().reason


# --- Nothing twice, nothing lost


def test_equal_rows_without_ids_stay_as_many_as_they_are_and_come_once(write: Write) -> None:
    content = "text,author\nthanks,ann\nthanks,ann\nthanks,bob\n"
    assert run(write(content)).counts["new"]["messages"] == 3
    again = run(write(content, "renamed.csv"))
    assert again.counts["new"]["messages"] == 0 and again.counts["repeated"] == 3
    longer = run(write(content + "thanks,ann\n"))
    assert longer.counts["new"]["messages"] == 1


def test_another_collection_with_the_same_ids_is_not_taken_for_a_repeat(write: Write) -> None:
    run(write("id,text,author\n1,first shop,ann\n2,first too,bob\n"))
    other = run(write("id,text,author\n1,second shop,cleo\n2,second too,dora\n"))
    assert other.counts["new"]["messages"] == 2
    assert set(Account.objects.values_list("name", flat=True)) == {"messages", "messages (2)"}
    assert run(write("id,text,author\n1,second shop,cleo\n2,second too,dora\n")).counts["new"]["messages"] == 0


def test_a_chosen_account_and_brand(write: Write, account: Callable[..., Account], brand: Brand) -> None:
    chosen = account("webhook", name="Shop")
    run(write("text,author\nhello there,ann\n"), account=chosen, brand=brand)
    message = Message.objects.get()
    assert message.account == chosen and message.conversation.brand == brand


def many(rows: int) -> str:
    return "id,text,author\n" + "".join(f"{i},message number {i},u{i % 50}\n" for i in range(rows))


BATCH = imports.BATCH
MORE = 3 * BATCH + BATCH // 2


def test_stop_and_resume_where_it_stood(write: Write) -> None:
    begun = imports.begin(write(many(MORE)))
    stop = threading.Event()
    seen: list[tuple[int, int | None]] = []

    def progress(done: int, of: int | None, counts: dict[str, Any]) -> None:
        seen.append((done, counts["new"]["messages"]))
        if done == 2 * BATCH:
            stop.set()

    halted = imports.run(begun, file=flow.file, stop=stop, progress=progress)
    assert halted.state == "waiting" and halted.position == Message.objects.count() == 2 * BATCH
    done = imports.run(Import.objects.get(pk=begun.pk), file=flow.file, progress=progress)
    assert done.state == "done" and done.counts["new"]["messages"] == done.rows == MORE
    assert seen == [(n, n) for n in (BATCH, 2 * BATCH, 3 * BATCH, MORE)]
    assert done.counts["repeated"] == 0


def test_a_person_stops_it_and_lets_it_go_on(write: Write) -> None:
    begun = imports.begin(write(many(MORE)))

    def press_stop(done: int, of: int | None, counts: dict[str, Any]) -> None:
        assert imports.stop(begun)

    halted = imports.run(begun, file=flow.file, progress=press_stop)
    assert halted.state == "stopped" and halted.position == BATCH
    assert imports.resume(halted)
    assert imports.run(Import.objects.get(pk=begun.pk), file=flow.file).counts["new"]["messages"] == MORE


def test_a_batch_that_breaks_leaves_position_counts_and_rows_as_they_were(write: Write) -> None:
    begun = imports.begin(write(many(MORE)))
    calls = []

    def breaks_at_second(account: Account, items: Any, *, bulk: bool = False) -> Any:
        filed = flow.file(account, items, bulk=bulk)
        calls.append(len(filed.messages))
        if len(calls) == 2:
            raise ConnectionError("the power went")
        return filed

    with pytest.raises(ConnectionError):
        imports.run(begun, file=breaks_at_second)
    row = Import.objects.get(pk=begun.pk)
    assert (row.position, row.counts["new"]["messages"], Message.objects.count()) == (BATCH, BATCH, BATCH)
    done = imports.run(row, file=flow.file)
    assert done.counts["new"]["messages"] == MORE and done.counts["repeated"] == 0


def test_equal_rows_are_told_apart_after_a_resume_too(write: Write) -> None:
    begun = imports.begin(write("text,author\n" + "thanks,ann\n" * 1500))
    stop = threading.Event()
    imports.run(begun, file=flow.file, stop=stop, progress=lambda *_: stop.set())
    done = imports.run(Import.objects.get(pk=begun.pk), file=flow.file)
    assert done.counts["new"]["messages"] == 1500 and done.counts["repeated"] == 0


def test_a_file_that_changed_is_not_resumed(write: Write) -> None:
    path = write(many(10))
    begun = imports.begin(path)
    path.write_text(many(11))
    with pytest.raises(Failure, match="moved or changed since the import began"):
        imports.run(begun, file=flow.file)


def test_memory_does_not_grow_with_the_file(write: Write) -> None:
    """What reading and mapping hold, measured over ten times the rows."""

    def peak(rows: int) -> int:
        path = write(many(rows))
        look = imports.inspect(path)
        opened = open_table(path, look.form)
        mapper = Mapper(opened.columns, look.mapping, datetime.now(UTC))
        tracemalloc.start()
        assert sum(1 for _ in imports.batches(opened, mapper, 0)) == rows // BATCH
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    small, large = peak(3_000), peak(30_000)
    # What grows is the memory of keys: at most some 150 bytes a row until 200,000 are gathered, then eight.
    assert large - small < 27_000 * 2 * 150 + 1_000_000


# --- Out and in again


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_an_export_imports_again_without_loss(tmp_path: Path, write: Write, brand: Brand, ending: str) -> None:
    rows = [
        {"id": "1", "text": "=1+1 is a formula", "author": "ann", "date": "2024-05-03T10:00:00Z", "in_reply_to": ""},
        {"id": "2", "text": "'=quoted", "author": "ann", "date": "2024-05-03T10:01:00Z", "in_reply_to": "1"},
        {"id": "3", "text": 'two\nlines, "quoted"', "author": "Bob", "date": "2024-05-04T10:00:00Z", "in_reply_to": ""},
    ]
    for row in rows:
        row |= {"subject": "My order", "direction": "out" if row["id"] == "2" else "in", "channel": "X", "size": "7"}
    run(write(table(rows)), brand=brand)
    path = tmp_path / f"export.{ending}"
    assert exports.write(path, exports.Choice()) == 3
    before = comparable()
    assert run(path).counts["new"]["messages"] == 0  # here, everything is known
    forget_everything()
    done = run(path)
    assert done.counts["failed"] == 0 and done.counts["new"]["messages"] == 3
    assert comparable() == before
    assert Conversation.objects.count() == 2


def comparable() -> list[dict[str, Any]]:
    records = list(exports.rows(exports.Choice()))
    names: dict[str, int] = {}
    for record in sorted(records, key=lambda record: record["id"]):
        record["conversation"] = names.setdefault(record["conversation"], len(names))
    return sorted(records, key=lambda record: record["id"])


def forget_everything() -> None:
    for model in (Message, Conversation, Import, Account, Handle, Person, Brand):
        model.objects.all().delete()


def test_the_position_is_saved_with_the_rows_it_covers(write: Write) -> None:
    """Whatever is asked in between, rows and position are equal: they are one transaction."""
    begun = imports.begin(write(many(2 * BATCH)))
    during: list[bool] = []

    def look_while_filing(account: Account, items: Any, *, bulk: bool = False) -> Any:
        during.append(connection.in_atomic_block)
        return flow.file(account, items, bulk=bulk)

    imports.run(begun, file=look_while_filing, progress=lambda done, *_: check(begun.pk, done))
    assert during == [True, True]


def check(pk: int, done: int) -> None:
    assert Import.objects.get(pk=pk).position == done == Message.objects.count()
