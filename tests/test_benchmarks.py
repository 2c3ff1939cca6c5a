"""The harness of `make bench`: figures are read, goals judged, and the table says so."""

from __future__ import annotations

import pytest

from benchmarks import measure, run


def figure(**more: object) -> run.Figure:
    return {"name": "a", "value": 10.0, "unit": "/s", "goal": "", "ratio_to": "", "n": 3, "peak_mb": 1.0, **more}


def test_only_figures_are_read() -> None:
    assert run.read('{"name": "a", "value": 1, "unit": "/s"}') == {"name": "a", "value": 1, "unit": "/s"}
    assert run.read("warming up") is None
    assert run.read('{"name": "a"}') is None


@pytest.mark.parametrize(
    ("goal", "value", "expected"),
    [
        (">= 10", 10, "yes"),
        (">= 10", 9.9, "**no**"),
        ("<= 50", 51, "**no**"),
        ("<= 50", 3, "yes"),
        ("", 3, ""),
        (">= 10 x", 3, "not measured"),
    ],
)
def test_goals_are_judged(goal: str, value: float, expected: str) -> None:
    assert run.met(figure(goal=goal, value=value), {}) == expected


def test_a_ratio_is_within_the_run() -> None:
    ours, theirs = (
        figure(name="ours", value=420.0, ratio_to="theirs", goal=">= 10 x"),
        figure(name="theirs", value=40.0),
    )
    ratios = run.ratios_of([ours, theirs])
    assert ratios == {"ours": 10.5}
    assert run.met(ours, ratios) == "yes"
    assert "10.5 x theirs" in run.row(ours, ratios)


def test_the_table_names_machine_and_failures() -> None:
    failed = {"name": "mail: ended with 1", "error": "ended with 1", "date": "2026-01-01"}
    text = run.table({"mail": [figure(date="2026-01-01"), failed]})
    assert "cores" in text and "Python" in text
    assert "| mail: ended with 1 | | | **no** |" in text


def test_every_benchmark_can_be_named() -> None:
    assert run.main(["no-such-benchmark"]) == 2


@pytest.mark.parametrize(("q", "expected"), [(0.5, 5), (0.95, 10), (0.9, 9), (1.0, 10), (0.0, 1)])
def test_quantiles(q: float, expected: float) -> None:
    assert measure.quantile(list(range(1, 11)), q) == expected
