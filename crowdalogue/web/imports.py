"""Imports: choose a file, look at what was recognised, confirm, and watch it come in."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from datetime import timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from crowdalogue import channels
from crowdalogue.channels.archive import ARCHIVES
from crowdalogue.errors import Failure
from crowdalogue.listen import imports
from crowdalogue.listen.files.columns import FIELDS
from crowdalogue.listen.files.readers import open_table
from crowdalogue.listen.files.sniff import ENCODINGS, Form
from crowdalogue.models import Account, Brand, Import
from crowdalogue.web import settings
from crowdalogue.web.frame import needs, person
from crowdalogue.web.start import zones

ACTIVE = (Import.State.WAITING, Import.State.RUNNING)
ABANDONED = timedelta(days=1)  # an upload nobody went on with
OFFERED = {k: v for k, v in FIELDS.items() if k not in ("kind", "account", "extra")}
SHOWN_EARLIER = 50


@require_GET
@needs("import")
def page(request: HttpRequest) -> HttpResponse:
    """/imports/: what was imported, newest first; those at work move."""
    return settings.draw(request, "imports.html", runs_of(request), here="imports")


@require_GET
@needs("import")
def rows(request: HttpRequest) -> HttpResponse:
    """The table alone, asked for while something runs."""
    return settings.draw(request, "imports_rows.html", runs_of(request))


def runs_of(request: HttpRequest) -> dict[str, Any]:
    found = Import.objects.seen_by(person(request)).select_related("account", "user").order_by("-id")[:SHOWN_EARLIER]
    runs = [describe(run) for run in found]
    return {"runs": runs, "any_active": any(line["active"] for line in runs)}


def describe(run: Import) -> dict[str, Any]:
    """What page and list say of an import."""
    counts = run.counts or {}
    done, of = run.position, run.rows
    seconds = ((run.ended_at or timezone.now()) - run.created_at).total_seconds()
    return {
        "run": run,
        "new": counts.get("new", {}),
        "counts": counts,
        "active": run.state in ACTIVE,
        "part": min(100, round(100 * done / of)) if of else None,
        "left": max(0, of - done) if of else None,
        "problems": counts.get("failed", 0) + counts.get("differing", 0),
        "seconds": seconds,
        "look": {"done": "pos", "failed": "late", "stopped": "soon", "draft": "soon", "running": "own"}.get(
            run.state, ""
        ),
    }


@needs("import")
def new(request: HttpRequest) -> HttpResponseBase:
    """/imports/new/: upload a file, or take one that was put into the home's `imports` folder."""
    wrong = ""
    if request.method == "POST":
        try:
            return redirect("import", take_file(request).pk)
        except Failure as failure:
            wrong = failure.text
    shown = {"wrong": wrong, "waiting": lying_there(), "folder": folder()}
    return settings.draw(request, "import_new.html", shown, here="imports", status=422 if wrong else 200)


def folder() -> Path:
    return Path(django_settings.HOME) / "imports"


def lying_there() -> list[dict[str, Any]]:
    """Files somebody put into the folder by hand, and no import has begun: too large for a browser."""
    taken = set(Import.objects.values_list("path", flat=True))
    found = []
    for path in sorted(folder().iterdir()):
        temporary = path.name.startswith((".", "tmp")) or path.name.endswith(".upload")
        if path.is_file() and not path.is_symlink() and not temporary and path.name not in taken:
            found.append({"name": path.name, "size": path.stat().st_size})
    return found[:100]


def take_file(request: HttpRequest) -> Import:
    """The draft of an import of the file that was uploaded or chosen. Raises `Failure`."""
    uploaded = request.FILES.get("file")
    chosen = request.POST.get("chosen", "")
    if isinstance(uploaded, UploadedFile):
        path, name = keep_upload(uploaded), Path(uploaded.name or "file").name
    elif chosen in {entry["name"] for entry in lying_there()}:
        path, name = folder() / chosen, chosen
    else:
        raise Failure("No file was chosen. Choose one, then look at it.")
    try:
        run = imports.begin(path, name, user=person(request), confirmed=False)
    except Failure:
        if isinstance(uploaded, UploadedFile):
            path.unlink(missing_ok=True)
        raise
    settings.record(request, "import_begun", name, size=run.size)
    return run


def keep_upload(uploaded: UploadedFile[Any]) -> Path:
    """Write an upload durably under a name of its own; a disk that is full is said."""
    safe = re.sub(r"[^\w.-]+", "-", Path(uploaded.name or "file").name)[-80:].lstrip(".-") or "file"
    path = folder() / f"{secrets.token_hex(4)}-{safe}"
    part = path.with_name(path.name + ".upload")
    try:
        with part.open("wb") as file:
            for chunk in uploaded.chunks():
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Failure(
            f"The file could not be kept ({error.strerror}). Make room on the server, then try again."
        ) from None
    return path


@needs("import")
def detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """/imports/<id>/: a draft's columns to confirm; else how far it is and what came of it."""
    run = get_object_or_404(Import.objects.seen_by(person(request)), pk=pk)
    if run.state == Import.State.DRAFT and "demo" not in run.mapping:
        return confirm(request, run)
    return settings.draw(request, "import.html", describe(run), here="imports")


@require_GET
@needs("import")
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(Import.objects.seen_by(person(request)), pk=pk)
    return settings.draw(request, "import_progress.html", describe(run))


# --- A draft


def confirm(request: HttpRequest, run: Import) -> HttpResponseBase:
    """Columns, choices and preview. "look" looks again with them, "start" begins."""
    wrong = ""
    # Until a person has looked, only what was recognised: then doubts about it are said.
    chosen = {k: v for k, v in run.mapping.items() if k not in ("form", "extras", "shape", "accounts")}
    if not chosen.get("looked"):
        chosen = {k: v for k, v in chosen.items() if k in ("account", "brand")}
    else:
        chosen["encoding"] = run.mapping["form"]["encoding"]
    if request.method == "POST":
        chosen = choices(request, run)
    try:
        look = imports.inspect(imports.path_of(run), run.name, chosen)
        if request.method == "POST":
            Import.objects.filter(pk=run.pk, state=Import.State.DRAFT).update(mapping=look.mapping)
            if request.POST.get("do") == "start":
                return start(request, run, look)
    except Failure as failure:
        if "fields" not in run.mapping:
            raise
        wrong, look = failure.text, imports.inspect(imports.path_of(run), run.name)
    shown = draft(run, look) | {"wrong": wrong}
    return settings.draw(request, "import_draft.html", shown, here="imports", status=422 if wrong else 200)


def start(request: HttpRequest, run: Import, look: imports.Inspection) -> HttpResponse:
    imports.require_text(look)
    account = Account.objects.filter(pk=look.mapping.get("account") or 0).first()
    Import.objects.filter(pk=run.pk, state=Import.State.DRAFT).update(
        state=Import.State.WAITING, mapping=look.mapping, rows=look.rows, account=account
    )
    settings.record(request, "imported", run.name, size=run.size, shape=look.shape)
    messages.success(request, "The import runs. It goes on when this page is closed.")
    return redirect("import", run.pk)


def choices(request: HttpRequest, run: Import) -> dict[str, Any]:
    """What the form says, checked: only fields, columns and kinds there are."""
    given = request.POST
    table = open_table(imports.path_of(run), Form.of(run.mapping["form"]))
    fields: dict[str, str] = {}
    for number, column in enumerate(table.columns):
        field = given.get(f"column-{number}", "")
        if field in FIELDS and field not in fields:
            fields[field] = column
    if run.mapping.get("shape") == "export":  # its own columns are settled
        fields = dict(run.mapping["fields"])
    chosen: dict[str, Any] = {"fields": fields, "looked": True}
    current = run.mapping["form"]["encoding"]
    if given.get("encoding") in dict(ENCODINGS):
        chosen["encoding"] = current if given["encoding"] == plainly(current) else given["encoding"]
    if given.get("order") in ("dmy", "mdy"):
        chosen["order"] = given["order"]
    if given.get("timezone") in dict(zones()):
        chosen["timezone"] = given["timezone"]
    if given.get("channel") in dict(kinds(run)):
        chosen["channel"] = given["channel"]
    account = Account.objects.filter(pk=int(given["account"])).first() if given.get("account", "").isdecimal() else None
    if account:
        chosen["account"] = account.pk
    brand = Brand.objects.filter(pk=int(given["brand"])).first() if given.get("brand", "").isdecimal() else None
    chosen["brand"] = brand.name if brand else ""
    return chosen


def plainly(encoding: str) -> str:
    """An encoding as it is offered: without byte order and mark, which are recognised."""
    return encoding.removesuffix("-sig").removesuffix("-le").removesuffix("-be")


def kinds(run: Import) -> list[tuple[str, str]]:
    """Channels past messages can be of."""
    names = {kind: label for kind, (label, _, _) in ARCHIVES.items() if kind}
    names |= {kind: channel.label for kind, channel in channels.channel_kinds().items()}
    names.setdefault(current := str(run.mapping.get("channel") or "import"), channels.label_of(current))
    return sorted(names.items(), key=lambda item: item[1].casefold())


def draft(run: Import, look: imports.Inspection) -> dict[str, Any]:
    meant = {column: field for field, column in look.mapping["fields"].items()}
    columns = [
        {"number": n, "name": name, "samples": look.samples.get(name, []), "field": meant.get(name, "")}
        for n, name in enumerate(look.columns)
    ]
    mapping = look.mapping
    return {
        "run": run,
        "look": look,
        "columns": columns,
        "fields": [(key, title, about) for key, (title, about) in OFFERED.items()],
        "encodings": ENCODINGS,
        "encoding": plainly(look.form.encoding),
        "zones": zones() if "sent_at" in mapping["fields"] else [],
        "kinds": kinds(run),
        "accounts": Account.objects.order_by("name")[:200],
        "brands": Brand.objects.order_by("competitor", "name")[:500],
        "own_shape": look.shape == "export",
        "kept": list(mapping.get("extras", {})),
    }


# --- What can be done with one


@require_POST
@needs("import")
def do(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Stop, resume, or throw a draft away."""
    run = get_object_or_404(Import.objects.seen_by(person(request)), pk=pk)
    if deed == "stop" and imports.stop(run):
        settings.record(request, "import_stopped", run.name)
        messages.success(request, "The import stops after the rows at work. What is filed stays.")
    elif deed == "resume" and imports.resume(run):
        settings.record(request, "import_resumed", run.name)
        messages.success(request, "The import goes on where it stood.")
    elif deed == "drop" and run.state == Import.State.DRAFT:
        drop(run)
        messages.success(request, f"{run.name} was not imported.")
        return redirect("imports")
    return redirect("import", run.pk)


def drop(run: Import) -> None:
    """A draft goes, and its upload with it; a file that lay elsewhere stays."""
    path = imports.path_of(run)
    gone, _ = Import.objects.filter(pk=run.pk, state=Import.State.DRAFT).delete()
    uploaded = path.parent == folder() and re.match(r"[0-9a-f]{8}-", path.name)
    if gone and uploaded:
        path.unlink(missing_ok=True)


@require_GET
@needs("import")
def failures(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The rows that were not filed, with reasons, as CSV."""
    run = get_object_or_404(Import.objects.seen_by(person(request)), pk=pk)
    settings.record(request, "exported", f"rows of {run.name} that were not filed")
    file = tempfile.SpooledTemporaryFile(max_size=8_000_000, mode="w+b")  # noqa: SIM115 - the response closes it
    text = TextIOWrapper(file, "utf-8-sig", newline="")  # the mark tells spreadsheets it is UTF-8
    imports.failures_csv(run, text)
    text.flush()
    text.detach()
    file.seek(0)
    name = f"{Path(run.name).stem} - not filed.csv"
    return FileResponse(file, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")
