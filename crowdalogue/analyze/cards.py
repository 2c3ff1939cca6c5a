"""The measured part of a model card: the figures of `quality.evaluate` as Markdown, between two marks of a page.

What a person wrote around the marks (what the step says, what it learned from, where it fails and why) stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BEGIN = "<!-- measured by `crowdalogue evaluate {step} --card`: do not edit by hand -->"
END = "<!-- end of what was measured -->"
# More labels than this are no table for people.
MOST_LABELS = 40
_GROUPS = {"language": "By language", "length": "By length", "channel": "By channel"}
_SPEEDS = ("messages_per_cpu_second", "messages_per_cpu_second_alone")


def write(folder: Path, step: str, report: Mapping[str, Any]) -> Path:
    """Put the figures into FOLDER/STEP.md, in the place of those before; a page that lacks the marks gets them last.

    Raises ValueError, in words, where there is no such folder or a page has one mark without the other.
    """
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}. Name the folder of the cards, such as docs/models.")
    path = folder / f"{step}.md"
    begin = BEGIN.format(step=step)
    before = path.read_text(encoding="utf-8") if path.exists() else f"# {_named(step)}\n"
    head, found, rest = before.partition(begin)
    _, ended, after = rest.partition(END)
    if bool(found) != bool(ended):
        raise ValueError(f"{path.name} has the mark {begin if found else END!r} without the other. Put both or none.")
    body = "\n\n".join((head.rstrip(), begin, measured(report).strip(), END, after.strip()))
    path.write_text(f"{body.rstrip()}\n", encoding="utf-8")
    return path


def measured(report: Mapping[str, Any]) -> str:
    """The figures of one step as Markdown."""
    parts = [
        *_overall(report),
        *_labels(report),
        *_groups(report.get("by_group", {})),
        *_reliability(report),
        *_confused(report.get("confused", ())),
        *_speed(report),
        *_beside(report),
    ]
    return "\n\n".join(parts) + "\n"


def _overall(report: Mapping[str, Any]) -> list[str]:
    ways = [("", report)]
    if "without_embedding" in report:
        ways = [("with the encoder", report), ("without, by the words alone", report["without_embedding"])]
    rows = [
        [name, *(_with_interval(way, key) for key in ("accuracy", "macro_recall", "macro_f1"))] for name, way in ways
    ]
    version = f" Version {report['version']}." if "version" in report else ""
    parts = [
        f"Measured on {report['n']:,} messages: {report['data']}.{version} 95 % intervals in brackets.",
        _table(["", "accuracy", "macro recall", "macro F1"], rows),
    ]
    if "precision" in report:
        parts.append(
            f"Copies: precision {_with_interval(report, 'precision')}, recall {_with_interval(report, 'recall')}."
        )
    said = report.get("as_it_answers", report)
    if "not_sure" in said:
        parts.append(
            f"As it answers: not sure of {_with_interval(said['not_sure'], 'share')}; of the "
            f"{said['told']['n']:,} others {_with_interval(said['told'], 'accuracy')} are right."
        )
    return parts


def _labels(report: Mapping[str, Any]) -> list[str]:
    parts = [_label_table(report.get("per_label", {}), "label")]
    said = report.get("as_it_answers", {}).get("per_label", {})
    if said and said != report.get("per_label"):
        parts += ["As the step answers (its rules and its doubts counted in):", _label_table(said, "label")]
    return [part for part in parts if part]


def _label_table(labels: Mapping[str, Any], name: str) -> str:
    if not labels or len(labels) > MOST_LABELS:
        return ""
    rows = [
        [label, str(f["n"]), _with_interval(f, "recall"), _with_interval(f, "precision"), _two(f["f1"])]
        for label, f in labels.items()
    ]
    return _table([name, "n", "recall", "precision", "F1"], rows)


def _groups(groups: Mapping[str, Any]) -> list[str]:
    parts = []
    for name, title in _GROUPS.items():
        if groups.get(name):
            rows = [[value, str(f["n"]), _with_interval(f, "accuracy")] for value, f in groups[name].items()]
            parts += [f"{title}:", _table([name, "n", "accuracy"], rows)]
    return parts


def _reliability(report: Mapping[str, Any]) -> list[str]:
    curve = report.get("as_it_answers", report).get("calibration")
    if not curve or not curve["curve"]:
        return []
    rows = [
        [
            _two(b["confidence"]),
            f"{_two(b['right'])} ({_two(b['interval'][0])} to {_two(b['interval'][1])})",
            str(b["n"]),
        ]
        for b in curve["curve"]
    ]
    gap = f"{curve['expected_error']:.3f}"
    return [
        f"Reliability, or what it says of its confidence and what comes true (expected error {gap}):",
        _table(["said", "came true", "n"], rows),
    ]


def _confused(pairs: Sequence[Sequence[Any]]) -> list[str]:
    if not pairs:
        return []
    return ["Most often: " + ", ".join(f"{true} read as {found} ({n})" for true, found, n in pairs) + "."]


def _speed(report: Mapping[str, Any]) -> list[str]:
    whole, alone = (report.get(name) for name in _SPEEDS)
    if whole is None:
        return []
    least = f"; {alone:,} where the vector is there already" if alone is not None and alone != whole else ""
    return [f"Speed: {whole:,} messages a CPU-second{least} (one core, as busy as it was)."]


def _beside(report: Mapping[str, Any]) -> list[str]:
    """What stands beside our own examples: sets kept for judging, research sets."""
    rows = []
    if "kept_for_judging" in report:
        rows.append(["kept for judging", *_beside_row(report["kept_for_judging"])])
    for name, found in report.get("research", {}).items():
        ways = {"": found} if "n" in found else found
        rows += [[f"{name} {way}".strip().replace("_", " "), *_beside_row(figures)] for way, figures in ways.items()]
    if not rows:
        return []
    return [
        "Beside it, on messages that nothing was trained on:",
        _table(["", "n", "accuracy", "macro recall", "macro F1"], rows),
    ]


def _beside_row(figures: Mapping[str, Any]) -> list[str]:
    return [str(figures["n"]), *(_with_interval(figures, key) for key in ("accuracy", "macro_recall", "macro_f1"))]


def _with_interval(figures: Mapping[str, Any], key: str) -> str:
    value = f"{figures[key]:.3f}"
    interval = figures.get(f"{key}_interval")
    return value if interval is None else f"{value} ({interval[0]:.3f} to {interval[1]:.3f})"


def _two(value: float) -> str:
    return f"{value:.2f}"


def _named(step: str) -> str:
    return step.replace("_", " ").capitalize()


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heading, ["---", *["---:"] * (len(heading) - 1)], *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |".replace("|  |", "| |") for line in lines)
