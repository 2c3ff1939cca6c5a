"""How good each step is, measured: on our own labelled examples (cross-validated) and on any file with labels.

`evaluate("sentiment")` answers with one plain dict, fit for JSON. Where the folder of test data is present, the
figures on the development parts of research sets stand beside ours under `research`; nothing was trained on those.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from crowdalogue.analyze import classifier, copied, crossed, research, rules, training
from crowdalogue.analyze.asked import Pair, answers, labeller, names, step_named, timed, timed_and_said
from crowdalogue.analyze.document import UNDETERMINED, Step
from crowdalogue.analyze.figures import Traits, by_group, confused, metrics, rounded, wilson
from crowdalogue.analyze.labelled import Row, agreed, marked, parted
from crowdalogue.analyze.steps.language import LANGUAGES

# No step: any labels, learned from one file and judged on another.
CATEGORY = "category"


def evaluate(step: str, data: Path | str | None = None, train: Path | str | None = None) -> dict[str, Any]:
    """Score a step: at least n, accuracy, macro_recall, macro_f1, per_label, seconds_cpu and intervals (95 %).

    Without `data`, on our own examples: a head is cross-validated, so that no example is read by a model that has
    seen it. With `data` (a file with the columns text and label), the step in use reads that file; with `train`
    as well, a classifier learns that file's labels first (and nothing else), and the step may be `category`: any
    labels. For `duplicate` a label is a group: rows of one label are copies of each other. Raises ValueError for a
    step or file it does not know.
    """
    if step != CATEGORY:
        _known(step)
    if data is not None:
        return _on_file(step, Path(data), None if train is None else Path(train))
    if step == CATEGORY:
        return _category()
    if step == "duplicate":
        return copied.own()
    if step == "language":
        return _languages()
    if step in training.STEPS:
        return _head(step)
    return _by_rule(step)


def scorable() -> tuple[str, ...]:
    """The steps that `evaluate` knows without a file; `category` among them where its data is here."""
    known = ("language", "duplicate", *training.STEPS, *(name for name in rules.STEPS if name not in training.STEPS))
    return (*known, CATEGORY) if research.few(training.data_folder())[0] else known


# --- our own examples --------------------------------------------------------------------------------------------


def _head(step: str) -> dict[str, Any]:
    result = crossed.own(step_named(step))
    if step in rules.STEPS:
        result["kept_for_judging"] = _judged(step)
    if step == "sentiment" and (folder := training.data_folder()) is not None:
        result["research"] = research.sentiment(folder)
    return result


def _by_rule(step: str) -> dict[str, Any]:
    """A step that goes by rules, on the labelled messages that nobody looked at while writing them."""
    return {"step": step, "data": "own examples kept for judging", **_judged(step), **_speed_only(step)}


def _judged(step: str) -> dict[str, Any]:
    judged = rules.judged(step)
    return {
        **metrics(judged["truth"], judged["found"]),
        "confused": confused(judged["truth"], judged["found"]),
        "pointed": judged["pointed"],
        "seconds_cpu": judged["seconds_cpu"],
        "version": rules.STEPS[step].version,
    }


def _speed_only(step: str) -> dict[str, Any]:
    """How many messages a step reads in a CPU-second; `seconds_cpu` stays that of the rows judged."""
    return {name: value for name, value in crossed.speed(step_named(step)).items() if name != "seconds_cpu"}


def _languages() -> dict[str, Any]:
    rows = training.examples()
    said = labeller(step_named("language"))([r["text"] for r in rows])
    right = [label == r["language"] for (label, _), r in zip(said, rows, strict=True)]
    truth, found = [r["language"] for r in rows], [label for label, _ in said]
    result = {
        "step": "language",
        "data": "own examples",
        **metrics(truth, found),
        **answers(said, right),
        "by_group": by_group([Traits(r["text"], r["language"], r["channel"]) for r in rows], right),
        "confused": confused(truth, found),
        "version": step_named("language").version,
        **crossed.speed(step_named("language")),
    }
    if (folder := training.data_folder()) is not None:
        result["research"] = research.languages(folder)
    return result


def _category() -> dict[str, Any]:
    """A category learned from ten examples of each of BANKING77's intents, judged on others of its training file."""
    known, judged = research.few(training.data_folder())
    if not known:
        raise ValueError("A category is whatever the labels of files say, so name them with --train and --test.")
    return {
        "step": CATEGORY,
        "data": f"BANKING77 train: {research.FEW} examples of each intent, judged on {len(judged):,} others",
        "trained_rows": len(known),
        **_learned(known, [Row(str(i), text, label) for i, (text, label) in enumerate(judged)]),
    }


# --- files -------------------------------------------------------------------------------------------------------


def _on_file(step: str, data: Path, train: Path | None) -> dict[str, Any]:
    if train is not None:
        return _on_file_after(step, data, train)
    if step == CATEGORY:
        raise ValueError("A category is whatever the labels of a file say, so name a file to learn from with --train.")
    rows, without = parted(data)
    known: dict[str, Any] = {"step": step, "data": data.name}
    if without:
        known["rows_without_label_left_out"] = without
    if step == "duplicate":
        return known | copied.scored([row.text for row in rows], [row.label for row in rows])
    judged = step_named(step)
    pairs = _same_case(rows, _answers_of(judged))
    strange = sorted({label for _, label in pairs} - set(_answers_of(judged)))
    if _answers_of(judged) and strange:
        learn = " Name a file to learn them from with --train." if step in training.STEPS else ""
        raise ValueError(
            f"{data.name} has labels that {step} never gives: {_shown(strange)}. "
            f"It gives {', '.join(_answers_of(judged))}. Change the labels.{learn}"
        )
    return known | timed(labeller(judged), pairs) | {"version": judged.version}


def _answers_of(step: Step) -> tuple[str, ...]:
    """The labels a file may hold for a step; none where they are open-ended."""
    if step.name == "language":
        return (*LANGUAGES, UNDETERMINED)
    return step.labels


def _same_case(rows: Iterable[Row], known: Iterable[str]) -> list[Pair]:
    """Texts as they are read and labels as we write them, whatever case the file has them in."""
    ours = {name.casefold(): name for name in known}
    every = set(known)
    return [
        (marked(row), row.label if row.label in every else ours.get(row.label.casefold(), row.label)) for row in rows
    ]


def _shown(names: Sequence[str], most: int = 8) -> str:
    """A few names as they can be printed, long ones cut."""
    cut = [name if len(name) <= 40 else f"{name[:40]}…" for name in names[:most]]
    return ", ".join(cut) + (f" and {len(names) - most} more" if len(names) > most else "")


def _on_file_after(step: str, data: Path, train: Path) -> dict[str, Any]:
    """Learn from one file with labels and be judged on another; the step only says what is asked."""
    if step != CATEGORY and step not in training.STEPS:
        raise ValueError(f"The step {step} is not trained, so leave out the file to train on.")
    rows, without = parted(data)
    every, unlabelled = parted(train)
    given, left_out = agreed(every, train.name)
    result = {
        "step": step,
        "data": data.name,
        "trained_on": train.name,
        "trained_rows": len(given),
        "contradictory_rows_left_out": left_out,
        **({"rows_without_label_left_out": without + unlabelled} if without + unlabelled else {}),
    }
    return result | _learned([(marked(row), row.label) for row in given], rows)


def _learned(given: Sequence[Pair], rows: Sequence[Row]) -> dict[str, Any]:
    """The figures of a classifier that has learned from `given`."""
    began = time.process_time()
    model = classifier.fit([text for text, _ in given], [label for _, label in given])
    trained = time.process_time() - began
    taught = dict.fromkeys(label for _, label in given)
    pairs = _same_case(rows, taught)
    scored, said = timed_and_said(model.label, pairs)
    result = {"seconds_cpu_training": rounded(trained), **scored}
    unseen = sorted({label for _, label in pairs} - set(taught))
    if unseen:
        result["labels_not_in_training"] = unseen
    if model.threshold is not None:
        result |= _with_outside(model.threshold, [truth for _, truth in pairs], [label for label, _ in said])
    return result


def _with_outside(threshold: float, truth: list[str], found: list[str]) -> dict[str, Any]:
    """What the threshold does to texts of a taught label and to those of none."""
    inside = [t == f for t, f in zip(truth, found, strict=True) if t != classifier.OUT]
    outside = [t == f for t, f in zip(truth, found, strict=True) if t == classifier.OUT]
    return {
        "threshold": rounded(threshold),
        "in_scope_n": len(inside),
        "in_scope_accuracy": rounded(sum(inside) / max(len(inside), 1)),
        "in_scope_accuracy_interval": wilson(sum(inside), len(inside)),
        "oos_n": len(outside),
        "oos_recall": rounded(sum(outside) / max(len(outside), 1)),
        "oos_recall_interval": wilson(sum(outside), len(outside)),
    }


def _known(step: str) -> None:
    try:
        step_named(step)
    except ValueError:
        raise ValueError(f"There is no step {step}. Choose one of: {', '.join((*names(), CATEGORY))}.") from None
