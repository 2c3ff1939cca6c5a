"""Watches: what is said without writing to us. The list, the form with its trial, and what each one found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from crowdalogue.errors import Failure
from crowdalogue.listen import searching, trials, watches
from crowdalogue.models import Brand, Message, Watch, WatchHit
from crowdalogue.relate import statistics
from crowdalogue.text import watching
from crowdalogue.text.matching import Matcher
from crowdalogue.text.watching import WatchQuery
from crowdalogue.web import charts, watchform
from crowdalogue.web.frame import is_partial, may, needs, person
from crowdalogue.web.settings import record
from crowdalogue.web.thread import marked
from crowdalogue.web.words import channel_look, plural

A_PAGE = 30
BEGINNING = 600  # characters of a message in a list
DRAWN = 90  # days
COUNTED = 20_000  # newest hits that the picture counts
SHOWN = (("", "All"), ("open", "Not judged"), ("right", "Right"), ("wrong", "Wrong"))


@dataclass(frozen=True, slots=True)
class Precision:
    """The share of judged hits that are right, in words, with its interval and n."""

    said: str
    between: str
    n: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as it is listed: its words, marked; `right` is what people said of it as a hit."""

    message: Message
    text: SafeString
    subject: SafeString
    long: bool
    right: bool | None = None


# --- all of them


@require_GET
@needs("explore")
def page(request: HttpRequest) -> HttpResponse:
    """/watches/: each with what it found and how good it is, and drafts for brands that nobody watches."""
    rows = list(Watch.objects.seen_by(person(request)).select_related("brand").order_by("name")[: watches.MOST])
    figures, failing = watches.figures(rows), watches.failing(rows)
    lines = [
        {"watch": w, "figures": figures[w.pk], "precision": precision(figures[w.pk]), "failing": w.pk in failing}
        for w in rows
    ]
    shown = {
        "lines": lines,
        "drafts": watches.suggestions() if may(request, "manage") else [],
        "may_change": may(request, "manage"),
    }
    return render(request, "watches.html", shown)


def precision(figures: watches.Figures) -> Precision:
    n = figures.judged
    if n < statistics.FEW:
        return Precision(f"too few to say (n = {n})", "", n)
    low, high = statistics.wilson(figures.right, n) or (0.0, 1.0)
    return Precision(charts.shown(figures.right / n, "share"), charts.between(low, high, "share"), n)


# --- the form and its trial


@needs("explore")
def new(request: HttpRequest) -> HttpResponse:
    """/watches/new/: a form, filled from a brand (?brand=) or a typed line (?q=); tried, then saved."""
    return edit(request, None)


@needs("explore")
def change(request: HttpRequest, pk: int) -> HttpResponse:
    return edit(request, get_object_or_404(Watch.objects.seen_by(person(request)), pk=pk))


def edit(request: HttpRequest, watch: Watch | None) -> HttpResponse:
    if request.method != "POST":
        return draw(request, watch, begun(request, watch))
    if request.POST.get("do") == "read":
        return read_line(request, watch)
    saving = request.POST.get("do") == "save"
    form = watchform.posted(request.POST, saving=saving)
    if not form.is_valid():
        return draw(request, watch, form, status=422)
    if not saving:
        return draw(request, watch, form, trial=trials.run(person(request), form.query))
    return save(request, watch, form)


def save(request: HttpRequest, watch: Watch | None, form: watchform.WatchForm) -> HttpResponse:
    if not may(request, "manage"):
        raise PermissionDenied("manage")
    given = {name: form.cleaned_data[name] for name in ("name", "purpose", "brand")}
    try:
        saved = watches.save(person(request), query=form.query, watch=watch, **given)
    except Failure as failure:
        form.add_error("name" if "name" in failure.text or "is called" in failure.text else None, failure.text)
        return draw(request, watch, form, status=422)
    record(request, "changed_watch", f"{saved.name}: {watching.say(form.query)}", purpose=saved.purpose)
    messages.success(request, f"{saved.name} listens from now on. What was said before is gone through.")
    return redirect("watch", saved.pk)


def begun(request: HttpRequest, watch: Watch | None) -> watchform.WatchForm:
    """The form before anything was sent."""
    if watch is not None:
        return watchform.filled(watches.of(watch), name=watch.name, purpose=watch.purpose, brand=watch.brand_id)
    wanted = request.GET.get("brand", "")
    brand = Brand.objects.filter(pk=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 10 else None
    if brand and (draft := watches.draft_of(brand)):
        return watchform.filled(draft.query, name=draft.name, purpose=draft.purpose, brand=brand.pk)
    if line := request.GET.get("q", "").strip():
        try:
            return watchform.filled(watching.typed(line))
        except Failure as failure:
            messages.error(request, failure.text)
    return watchform.filled(WatchQuery(), purpose=Watch.Purpose.BRAND)


def read_line(request: HttpRequest, watch: Watch | None) -> HttpResponse:
    """A typed query becomes a filled form; nothing is tried or saved by it."""
    line = request.POST.get("line", "")
    more = {name: request.POST.get(name, "") for name in ("name", "purpose", "brand")}
    try:
        return draw(request, watch, watchform.filled(watching.typed(line), **more), line=line)
    except Failure as failure:
        form = watchform.filled(WatchQuery(), **more)
        return draw(request, watch, form, line=line, line_wrong=failure.text, status=422)


def draw(
    request: HttpRequest,
    watch: Watch | None,
    form: watchform.WatchForm,
    *,
    trial: trials.Trial | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    query = form.query if form.is_bound else watches.of(watch) if watch else WatchQuery()
    shown = {
        "watch": watch,
        "form": form,
        "line": watching.say(query),
        "may_change": may(request, "manage"),
        "trial": trial,
        **(tried(trial) if trial else {}),
        **more,
    }
    return render(request, "watch_form.html", shown, status=status)


def tried(trial: trials.Trial) -> dict[str, Any]:
    """A trial as it is drawn."""
    return {
        "trial_title": f"{plural(trial.hits, 'message,messages')} since {said(trial.since)}",
        "trial_chart": by_day(trial.days, "Messages the watch would have found, a day"),
        "trial_channels": [(*channel_look(kind), n) for kind, n in trial.channels],
        "trial_sample": [sampled(s) for s in trial.sample],
        "trial_taken": [sampled(s) for s in trial.taken_sample],
        "days": trials.DAYS,
    }


def said(at: datetime) -> str:
    here = timezone.localtime(at)
    return f"{here.day} {here:%B %Y}"


def by_day(days: Sequence[tuple[date, int]], caption: str) -> charts.Chart:
    points = [charts.Point(f"{day.day} {day:%b}", n, said=plural(n, "message,messages")) for day, n in days]
    total, (most, top) = sum(n for _, n in days), max(((n, d) for d, n in days), default=(0, None))
    sentence = f"{caption}: {total} in {len(days)} days"
    if top is not None and most:
        sentence += f", most on {top.day} {top:%B} with {most}"
    rows = [[charts.Cell(f"{day.day} {day:%B %Y}"), charts.Cell(f"{n:,}", faint=not n)] for day, n in reversed(days)]
    return charts.Chart(charts.columns(points, sentence + "."), charts.Table(caption, ("Day", "Messages"), rows))


def sampled(one: trials.Sampled, right: bool | None = None) -> Shown:
    text = one.message.text
    spans = [(a, b) for a, b in one.spans if b <= BEGINNING]
    subject = marked(one.message.subject, one.subject_spans)
    return Shown(one.message, marked(text[:BEGINNING], spans), subject, len(text) > BEGINNING, right)


# --- one of them


@require_GET
@needs("explore")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """/watches/<id>/?show=open&before=<message>: what it found, newest first, to be called right or wrong."""
    watch = get_object_or_404(Watch.objects.seen_by(person(request)).select_related("brand", "user"), pk=pk)
    show = request.GET.get("show", "")
    show = show if show in dict(SHOWN) else ""
    before = request.GET.get("before", "")
    rows = watches.hits_of(watch, person(request), only=show)
    first = not (before.isdecimal() and len(before) < 19)
    if not first:
        rows = rows.filter(message_id__lt=int(before))
    found = list(rows[: A_PAGE + 1])
    shown = {
        **standing(watch),
        "tabs": [{"url": f"?show={v}" if v else "?", "name": n, "here": v == show} for v, n in SHOWN],
        "show": show,
        "first": first,
        "rows": hit_rows(watch, found[:A_PAGE]),
        "next": f"?show={show}&before={found[A_PAGE - 1].message_id}" if len(found) > A_PAGE else "",
        "chart": picture(watch) if first and not show else None,
        "searches": searches(watch) if first else [],
        "line": watching.say(watches.of(watch)),
        "may_change": may(request, "manage"),
    }
    return render(request, "watch.html", shown)


def standing(watch: Watch) -> dict[str, Any]:
    """How many hits there are, how good they are, and how far into the past it came."""
    figures = watches.figures([watch])[watch.pk]
    reached = None
    if watch.seen_id and watch.active:
        reached = Message.objects.filter(pk__lt=watch.seen_id).order_by("-pk").values_list("sent_at", flat=True).first()
    return {
        "watch": watch,
        "figures": figures,
        "precision": precision(figures),
        "filling": bool(watch.seen_id) and watch.active,
        "reached": reached,
        "few": statistics.FEW,
    }


@require_GET
@needs("explore")
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The line of figures alone, asked for while the past is gone through."""
    watch = get_object_or_404(Watch.objects.seen_by(person(request)), pk=pk)
    return render(request, "watch_figures.html", standing(watch))


def hit_rows(watch: Watch, hits: Sequence[WatchHit]) -> list[Shown]:
    matcher = Matcher({0: watches.of(watch)})
    return [sampled(trials.mark(matcher, hit.message), hit.right) for hit in hits]


def picture(watch: Watch) -> charts.Chart:
    """Hits a day in the last ninety days, of the newest twenty thousand."""
    today = timezone.localdate()
    first = today - timedelta(days=DRAWN - 1)
    times = WatchHit.objects.filter(watch=watch).order_by("-message_id").values_list("message__sent_at", flat=True)
    counts = Counter(timezone.localtime(at).date() for at in times[:COUNTED])
    days = [(first + timedelta(days=n), counts[first + timedelta(days=n)]) for n in range(DRAWN)]
    return by_day(days, "Messages found, a day")


def searches(watch: Watch) -> list[dict[str, Any]]:
    """The accounts it searches, and how that stands."""
    rows = watch.searches.select_related("account").order_by("account__name")[:100]
    return [{"search": row, "icon": channel_look(row.account.kind)[0], "account": row.account} for row in rows]


@require_POST
@needs("explore")
def judge(request: HttpRequest, pk: int) -> HttpResponse:
    """A hit is called right or wrong, or nothing again where it was called so before."""
    watch = get_object_or_404(Watch.objects.seen_by(person(request)), pk=pk)
    message = request.POST.get("message", "")
    hit = watches.hits_of(watch, person(request)).filter(message_id=int(message) if message.isdecimal() else 0).first()
    if hit is None:
        messages.error(request, "That message is no longer among what this watch found.")
        return redirect("watch", pk)
    wanted = {"yes": True, "no": False}.get(request.POST.get("right", ""))
    hit.right = None if hit.right is wanted else wanted
    watches.judge(person(request), watch, [hit.message_id], hit.right)
    if not is_partial(request):
        back = request.POST.get("back", "")
        return redirect(reverse("watch", args=[pk]) + (back if back.startswith("?") else "") + f"#m{hit.message_id}")
    shown = {**standing(watch), "row": hit_rows(watch, [hit])[0], "apart": True}
    return render(request, "watch_judged.html", shown)


@require_POST
@needs("manage")
def do(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Pause, go on, ask the channels now, or remove."""
    watch = get_object_or_404(Watch.objects.seen_by(person(request)), pk=pk)
    if deed == "pause":
        watches.pause(watch, active=False)
        messages.success(request, f"{watch.name} rests. What it found stays.")
    elif deed == "resume":
        watches.pause(watch, active=True)
        messages.success(request, f"{watch.name} listens again. What came meanwhile is gone through.")
    elif deed == "ask":
        searching.plan(timezone.now())
        watch.searches.update(not_before=timezone.now())
        messages.success(request, "The channels are asked within seconds.")
    elif deed == "remove":
        if request.POST.get("sure", "").strip().casefold() != watch.name.casefold():
            messages.error(request, "Type the watch’s name to remove it. What people judged goes with it.")
            return redirect("watch", pk)
        watches.remove(watch)
        messages.success(request, f"{watch.name} was removed. The messages it found stay.")
    else:
        return redirect("watch", pk)
    record(request, "changed_watch", f"{watch.name}: {deed}")
    return redirect("watches") if deed == "remove" else redirect("watch", pk)
