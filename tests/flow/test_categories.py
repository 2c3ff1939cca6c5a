"""A category from two examples to corrected numbers: taught, judged, labelled, compared, taken over, replayed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.analyze import categories, categories_asked, categories_judged, categories_taught
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.errors import Failure
from crowdalogue.flow import categories as verbs
from crowdalogue.models import (
    Account,
    Audit,
    Category,
    CategoryExample,
    CategoryReplay,
    CategoryVersion,
    CategoryWeek,
    Message,
    MessageCategory,
    User,
)
from crowdalogue.relate import facts, measures, volume
from crowdalogue.relate.filters import parse
from crowdalogue.relate.scope import Scope
from tests.said import write

pytestmark = pytest.mark.django_db

LATE = (
    "My {} parcel is late",
    "The {} parcel never came",
    "Where is my {} order, it should be here",
    "Still waiting for the {} delivery",
    "The courier lost my {} package",
)
OTHER = (
    "I forgot the password of my {} account",
    "The {} lamp arrived broken",
    "Do you sell {} chairs",
    "Please send the invoice for the {} table",
    "I love the {} sofa",
    "Can I return the {} chair",
    "What does the {} carpet cost",
    "Your shop in the {} street was closed",
    "How do I assemble the {} shelf",
    "Cancel the {} newsletter please",
)
COLOURS = ("blue", "red", "green", "grey", "white", "black")
ALL = 75


_numbers = count(1)


def told(account: Account, forms: tuple[str, ...], colours: tuple[str, ...] = COLOURS, **more: Any) -> None:
    """Each by somebody else: a rush of one author would be kept apart."""
    for form in forms:
        for colour in colours:
            number = next(_numbers)
            author = Author(f"p{number}@example.com", f"Person {number}")
            item = Incoming(f"m{number}", author, form.format(colour), **{"sent_at": timezone.now(), **more})
            flow.file(account, [item])
    while flow.process():
        pass


@pytest.fixture
def mail(account: Callable[..., Account]) -> Account:
    return account("email", name="Care")


@pytest.fixture
def taught(mail: Account, manager: User) -> Category:
    """Late parcels, of five examples; seventy-five messages were here before."""
    told(mail, LATE, COLOURS[:3])
    told(mail, OTHER)
    late = verbs.define(manager, "Late parcel", "A parcel or delivery that has not come")
    verbs.teach(manager, late, [(form.format("brown"), True) for form in LATE], "pasted")
    verbs.learn(manager, late)
    return late


def settle() -> None:
    while flow.tend_categories():
        pass


def is_late(message: Message) -> bool:
    return any(message.text.startswith(form.split("{}")[0]) for form in LATE)


def scored(category: Category) -> tuple[float, float]:
    """Precision and recall of what stands in the store."""
    inside = set(MessageCategory.objects.filter(category=category, yes=True).values_list("message_id", flat=True))
    right = {m.pk for m in Message.objects.filter(direction="in") if is_late(m)}
    return len(inside & right) / max(len(inside), 1), len(inside & right) / max(len(right), 1)


def label_some(user: User, category: Category, count: int, seed: int = 1) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(count):
        drawn = categories_asked.draw(category, user, rng)
        if drawn is None:
            return
        pk, density = categories_asked.read_ticket(category, drawn.ticket)
        verbs.label(user, category, {pk: is_late(drawn.message)}, "queue", density)


def test_the_first_version_takes_over_and_goes_through_history(taught: Category) -> None:
    assert not MessageCategory.objects.exists()
    settle()
    precision, recall = scored(taught)
    print("five examples: precision", precision, "recall", recall)
    assert precision > 0.8 and recall > 0.1, "cautious before anything was labelled at random"
    replay = CategoryReplay.objects.get()
    assert (replay.state, replay.judged, replay.total) == ("done", ALL, ALL)
    week = CategoryWeek.objects.get()
    assert week.judged == ALL and week.caught == MessageCategory.objects.filter(yes=True).count()
    assert week.week == categories_judged.week_of(timezone.now())


def test_new_messages_are_judged_as_they_are_read(taught: Category, mail: Account) -> None:
    settle()
    before = CategoryWeek.objects.get().judged
    told(mail, LATE[:1] + OTHER[:1], ("purple",))
    member = MessageCategory.objects.get(message__text="My purple parcel is late")
    assert member.version is not None and member.version.number == 1 and member.confidence >= 0.5
    assert not MessageCategory.objects.filter(message__text__contains="purple account").exists()
    assert CategoryWeek.objects.get().judged == before + 2


def test_a_message_without_a_vector_is_in_none(taught: Category, mail: Account) -> None:
    write(mail, "My yellow parcel is late", "y1")
    write(mail, "   ", "y2")
    while flow.process(embed=False):
        pass
    settle()
    assert not MessageCategory.objects.filter(message__text__contains="yellow").exists()


def test_what_a_person_says_stays(taught: Category, manager: User) -> None:
    settle()
    wrong = MessageCategory.objects.filter(yes=True).select_related("message").first()
    assert wrong is not None
    other = Message.objects.filter(text__startswith="Do you sell").earliest("pk")
    changed = wrong.message.changed_at
    verbs.label(manager, taught, {wrong.message_id: False, other.pk: True})
    verbs.replay_category(manager, taught)
    settle()
    mine = {m.message_id: (m.yes, m.version_id) for m in MessageCategory.objects.filter(category=taught)}
    assert mine[wrong.message_id] == (False, None) and mine[other.pk] == (True, None)
    assert Message.objects.get(pk=wrong.message_id).changed_at > changed
    example = CategoryExample.objects.get(message=other)
    assert (example.yes, example.user, example.source, example.density) == (True, manager, "correction", None)
    verbs.unlabel(example)
    assert not MessageCategory.objects.filter(message=other).exists()


def test_labels_from_the_queue_give_figures_and_a_later_version_waits_to_be_compared(
    taught: Category, manager: User
) -> None:
    settle()
    label_some(manager, taught, 45)
    version = categories_taught.active(taught)
    assert version is not None
    figures = categories_taught.measured(version)
    print("measured", figures)
    assert figures.n == 45 and not figures.recall.few
    precision, _ = scored(taught)
    assert figures.precision.low is not None and figures.precision.high is not None
    assert figures.precision.low <= precision <= figures.precision.high
    assert figures.recall.low is not None and figures.recall.high is not None
    second = verbs.learn(manager, taught)
    assert second is not None and (second.number, second.state) == (2, "waiting")
    both = categories_taught.compared(version, second)
    assert both.enough and both.old.n == both.new.n == 45
    assert verbs.learn(manager, taught) == second, "nothing new was said"
    verbs.take_over(manager, second)
    assert categories_taught.active(taught) == second
    verbs.replay_category(manager, taught)
    settle()
    precision, recall = scored(taught)
    print("after 45 labels: precision", precision, "recall", recall)
    assert precision > 0.8 and recall > 0.8
    version.refresh_from_db()
    assert version.state == "replaced" and version.ended_at is not None


def test_held_out_scores_judge_a_version_on_labels_it_learned_from(taught: Category, manager: User) -> None:
    """A label that is wrong is learned by heart by the fit; the version's figures must not follow it."""
    label_some(manager, taught, 30)
    version = verbs.learn(manager, taught)
    assert version is not None
    drawn = categories_taught.sample(taught)
    head = categories_taught.head_of(version)
    caught, fair = categories_taught.judged(version, drawn)
    held = version.figures["held"]
    assert set(map(int, held)) == set(drawn.ids) and fair.all()
    own = [float(head.sure(held[str(pk)])) >= head.threshold for pk in drawn.ids]
    assert caught.tolist() == own


def test_overnight_a_version_that_is_not_worse_takes_over(taught: Category, manager: User) -> None:
    settle()
    label_some(manager, taught, 45)
    assert not flow.tend_categories(), "what was said today waits for the night"
    ago = timezone.now() - timedelta(days=2)
    CategoryVersion.objects.update(trained_at=ago)
    CategoryExample.objects.filter(source="queue").update(at=ago + timedelta(hours=1))
    settle()
    version = categories_taught.active(taught)
    assert version is not None and version.number == 2 and version.why.startswith("It is not worse")
    assert Audit.objects.filter(who="worker", deed="changed_category").exists()
    assert not flow.tend_categories(), "and then it rests"


def test_overnight_a_version_waits_where_labels_are_few(taught: Category, manager: User) -> None:
    settle()
    label_some(manager, taught, 5)
    ago = timezone.now() - timedelta(days=2)
    CategoryVersion.objects.update(trained_at=ago)
    CategoryExample.objects.filter(source="queue").update(at=ago + timedelta(hours=1))
    settle()
    newest = taught.versions.first()
    assert newest is not None
    assert (newest.number, newest.state) == (2, "waiting") and "Too few labels" in newest.why


def test_two_examples_teach_and_none_says_what_is_missing(mail: Account, manager: User) -> None:
    told(mail, LATE, COLOURS[:3])
    told(mail, OTHER)
    late = verbs.define(manager, "Late parcel", "A parcel that has not come")
    with pytest.raises(Failure, match="No example says what is in the category"):
        verbs.learn(manager, late)
    verbs.teach(manager, late, [("Where is my parcel", True), ("My order has not arrived", True)], "pasted")
    verbs.learn(manager, late)
    settle()
    precision, recall = scored(late)
    print("two examples: precision", precision, "recall", recall)
    assert precision > 0.6 and recall > 0.1


def test_no_messages_and_all_yes_is_refused_with_the_remedy(manager: User) -> None:
    late = verbs.define(manager, "Late parcel")
    verbs.teach(manager, late, [("Where is my parcel", True)], "pasted")
    with pytest.raises(Failure, match="Give some that are not in it"):
        verbs.learn(manager, late)


def test_contradictions_are_counted_and_not_learned_from(taught: Category, mail: Account, manager: User) -> None:
    added = verbs.teach(
        manager, taught, [("Same text", True), ("same  TEXT", False), ("  ", True), ("Fine", False)], "pasted"
    )
    assert (added.new, added.both, added.empty) == (1, 1, 1)
    again = verbs.teach(manager, taught, [("Fine", True), ("My brown parcel is late", True)], "pasted")
    assert (again.changed, again.same, again.new) == (1, 1, 0)
    for number in (1, 2):
        write(mail, "Hello there", f"hello{number}")
    while flow.process():
        pass
    one, two = Message.objects.filter(text="Hello there")
    verbs.label(manager, taught, {one.pk: True, two.pk: False})
    version = verbs.learn(manager, taught)
    assert version is not None and version.figures["both"] == 2
    assert version.yes == 6


def test_ten_thousand_examples_from_a_file_are_left_to_the_worker(
    taught: Category, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(f"{LATE[n % 5].format(COLOURS[n % 6])} {n}", n % 2 == 0) for n in range(10_000)]
    added = verbs.teach(manager, taught, rows, "file")
    assert added.new == 10_000
    assert verbs.learn(manager, taught) is None
    assert categories_taught.waiting(taught).count() == 10_000
    assert categories_taught.understand(taught, 50) == 50
    over = verbs.teach(manager, taught, [(f"another {n}", True) for n in range(10_500)], "file")
    assert over.beyond == 10_500 - (categories_taught.MOST_EXAMPLES - 10_005)


def test_a_damaged_version_stops_nothing_and_says_so(taught: Category, mail: Account, manager: User) -> None:
    settle()
    version = categories_taught.active(taught)
    assert version is not None
    CategoryVersion.objects.filter(pk=version.pk).update(head=bytes(version.head)[:300], trained_at=timezone.now())
    told(mail, LATE[:1], ("purple",))
    assert not MessageCategory.objects.filter(message__text__contains="purple").exists()
    with pytest.raises(Failure, match="learn again"):
        categories_taught.measured(CategoryVersion.objects.get(pk=version.pk))
    verbs.replay_category(manager, taught)
    settle()
    replay = CategoryReplay.objects.first()
    assert replay is not None and replay.state == "stopped" and "damaged" in replay.why
    verbs.teach(manager, taught, [("It has not come yet", True)], "pasted")
    fresh = verbs.learn(manager, taught)
    assert fresh is not None
    verbs.take_over(manager, fresh)
    told(mail, LATE[:1], ("orange",))
    assert MessageCategory.objects.filter(message__text__contains="orange").exists()


def test_a_replay_stops_resumes_and_says_every_number_before_and_after(
    taught: Category, mail: Account, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(mail, LATE[:2], ("purple", "pink"), sent_at=timezone.now() - timedelta(days=21))
    settle()
    old = MessageCategory.objects.filter(yes=True).count()
    verbs.teach(manager, taught, [(form.format("brown"), True) for form in OTHER[:2]], "pasted")
    second = verbs.learn(manager, taught)
    assert second is not None
    verbs.take_over(manager, second)
    monkeypatch.setattr(categories_judged, "STEP", 20)
    replay = verbs.replay_category(manager, taught)
    with pytest.raises(Failure, match="gone through already"):
        verbs.replay_category(manager, taught)
    assert flow.tend_categories()
    assert verbs.stop_replay(manager, taught)
    assert not flow.tend_categories()
    replay.refresh_from_db()
    assert replay.state == "stopped" and replay.judged == 20
    verbs.resume_replay(replay)
    told(mail, LATE[:1], ("orange",))  # judged as it is read, while history is gone through
    settle()
    replay.refresh_from_db()
    assert replay.state == "done" and replay.judged == ALL + 4
    counts = replay.weeks["counts"]
    assert len(counts) == 2
    assert sum(c[0] for c in counts.values()) == ALL + 4
    assert sum(c[1] for c in counts.values()) == old
    inside = MessageCategory.objects.filter(yes=True)
    assert sum(c[2] for c in counts.values()) == inside.count() - 1
    assert all(c[2] == c[1] + c[3] - c[4] for c in counts.values())
    assert set(inside.values_list("version__number", flat=True)) == {2}
    weeks = CategoryWeek.objects.all()
    assert {w.version_id for w in weeks} == {second.pk}
    assert sum(w.judged for w in weeks) == ALL + 5 and sum(w.caught for w in weeks) == inside.count()


def test_a_replay_ends_where_another_version_takes_over(taught: Category, manager: User) -> None:
    verbs.teach(manager, taught, [("It has not come yet", True)], "pasted")
    second = verbs.learn(manager, taught)
    assert second is not None
    running = CategoryReplay.objects.get(state="running")
    verbs.take_over(manager, second)
    running.refresh_from_db()
    assert running.state == "stopped"
    with pytest.raises(Failure, match="newer version"):
        verbs.resume_replay(running)
    with transaction.atomic(), pytest.raises(IntegrityError):
        CategoryVersion.objects.filter(number=1).update(state="active")


def test_a_new_version_is_no_trend(taught: Category, manager: User) -> None:
    """The same share of late parcels in two weeks, judged by versions of which one overlooks half."""
    label_some(manager, taught, 70)
    first = verbs.learn(manager, taught)
    assert first is not None and first.number == 2
    head = categories_taught.head_of(first)
    sure = np.sort(head.confidence(categories_taught.pool().vectors))
    high = float(sure[-12])  # eleven of the twenty-one late parcels are surer
    blind = categories.Head(head.direction, head.bias, head.slope, head.shift, high)
    packed = categories.pack(blind, first.embedding)
    second = CategoryVersion.objects.create(
        category=taught, number=3, head=packed, embedding=first.embedding, threshold=high, figures=first.figures
    )
    drawn = categories_taught.sample(taught)
    good, bad = categories_taught.measured(first, drawn), categories_taught.measured(second, drawn)
    assert good.recall.value is not None and bad.recall.value is not None
    assert bad.recall.value < good.recall.value - 0.1
    this = categories_judged.week_of(timezone.now())
    CategoryWeek.objects.all().delete()
    for version, week, m in ((first, this - timedelta(weeks=1), good), (second, this, bad)):
        assert m.recall.value is not None and m.specificity.value is not None
        caught = round(1000 * (0.5 * m.recall.value + 0.5 * (1 - m.specificity.value)))
        CategoryWeek.objects.create(version=version, week=week, judged=1000, caught=caught)
    before, now = categories_judged.trend(taught, timezone.now())
    assert before.versions == (2,) and now.versions == (3,)
    assert now.caught < before.caught * 0.9
    assert before.corrected is not None and now.corrected is not None
    assert abs(before.corrected.value - 0.5) < 0.01 and abs(now.corrected.value - 0.5) < 0.01


def test_paused_removed_and_named_twice(taught: Category, mail: Account, manager: User) -> None:
    settle()
    with pytest.raises(Failure, match="Another category is called"):
        verbs.define(manager, "late PARCEL")
    with pytest.raises(Failure, match="no name"):
        verbs.define(manager, "  ")
    verbs.pause(taught, active=False)
    told(mail, LATE[:1], ("purple",))
    assert not MessageCategory.objects.filter(message__text__contains="purple").exists()
    some = MessageCategory.objects.filter(yes=True).first()
    assert some is not None
    at: datetime = some.message.changed_at
    verbs.remove(taught)
    assert not CategoryExample.objects.exists() and not MessageCategory.objects.exists()
    assert Message.objects.get(pk=some.message_id).changed_at > at


def test_a_message_labelled_elsewhere_counts_as_drawn_once_the_queue_comes_to_it(
    taught: Category, manager: User
) -> None:
    everything = {m.pk: is_late(m) for m in Message.objects.all()}
    verbs.label(manager, taught, everything, "search")
    assert categories_taught.counts(taught)["drawn"] == 0
    assert categories_asked.draw(taught, manager, np.random.default_rng(1)) is None
    assert categories_taught.counts(taught)["drawn"] == categories_asked.TRIES


def test_a_skipped_message_is_not_asked_again_and_tickets_are_of_one_category(taught: Category, manager: User) -> None:
    drawn = categories_asked.draw(taught, manager, np.random.default_rng(1))
    assert drawn is not None and drawn.why in ("caught", "unsure", "any")
    pk, density = categories_asked.read_ticket(taught, drawn.ticket)
    verbs.label(manager, taught, {pk: None}, "queue", density)
    assert not MessageCategory.objects.filter(message=pk).exists()
    for seed in range(30):
        again = categories_asked.draw(taught, manager, np.random.default_rng(seed))
        assert again is not None and again.message.pk != pk
    other = verbs.define(manager, "Other")
    with pytest.raises(Failure, match="another category"):
        categories_asked.read_ticket(other, drawn.ticket)
    with pytest.raises(Failure, match="not drawn here"):
        categories_asked.read_ticket(taught, "made up")


def test_a_preview_shows_what_it_would_catch_and_keeps_nothing(taught: Category, manager: User) -> None:
    version = categories_taught.active(taught)
    assert version is not None
    found = categories_asked.preview(categories_taught.head_of(version), categories_taught.pool(), manager)
    assert found.looked_at == ALL and found.caught + found.unsure <= ALL
    assert found.surest and all(is_late(c.message) for c in found.surest[:5])
    assert [c.sure for c in found.surest] == sorted((c.sure for c in found.surest), reverse=True)
    assert all(c.sure < version.threshold for c in found.missed)
    assert not MessageCategory.objects.exists()


def test_a_category_is_a_filter_and_a_dimension(taught: Category, manager: User) -> None:
    """A message in two categories counts in each; a number leads to exactly its messages."""
    settle()
    inside = MessageCategory.objects.filter(category=taught, yes=True).count()
    other = verbs.define(manager, "Colours")
    both = MessageCategory.objects.filter(category=taught, yes=True).first()
    plain = Message.objects.filter(text__startswith="Do you sell").earliest("pk")
    assert both is not None
    verbs.label(manager, other, {both.message_id: True, plain.pk: True})
    facts.rebuild()
    scope = Scope.of(parse("period=all"))
    rows = {row["category"]: row["n"] for row in measures.table(scope, "messages", ("category",))}
    assert rows == {"Late parcel": inside, "Colours": 2}
    shown = Scope.of(parse([("period", "all"), ("category", "Colours")]))
    assert measures.figure(shown, "messages")["n"] == 2
    assert {pk for pk, _ in volume.behind(shown)} == {both.message_id, plain.pk}
    verbs.label(manager, other, {plain.pk: False})
    facts.refresh()
    assert measures.figure(shown, "messages")["n"] == 1
    nothing = Scope.of(parse([("period", "all"), ("category", "Absent")]))
    assert measures.figure(nothing, "messages")["n"] == 0
