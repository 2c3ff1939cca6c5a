"""Pictures: round axes that hold what is drawn, words in place of colours, nothing unescaped."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.web import charts
from crowdalogue.web.charts import Drawn, Point, between, shown, ticks


@given(st.floats(0, 1e9), st.sampled_from(["count", "share", "seconds"]))
def test_an_axis_holds_its_values_in_few_round_steps(top: float, unit: str) -> None:
    top = min(top, 1.0) if unit == "share" else top
    values = ticks(top, unit)
    assert (values[0] == 0 and values[-1] >= top * 0.999) or (unit == "share" and values[-1] >= 0.8)
    assert values[-1] >= min(top, 1) * 0.999
    assert 2 <= len(values) <= 7
    assert values == sorted(set(values))


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.25, "share", "25%"),
        (0.021, "share", "2.1%"),
        (0.962, "share", "96.2%"),
        (1.0, "share", "100%"),
        (1284, "count", "1,284"),
        (660, "seconds", "11 min"),
        (None, "seconds", "–"),
        (4188 / 4189, "share", "over 99.9%"),
        (0.0001, "share", "under 0.1%"),
    ],
)
def test_values_in_words(value: float | None, unit: str, words: str) -> None:
    assert shown(value, unit) == words


def test_intervals_in_words() -> None:
    assert between(0.805, 0.993, "share") == "80% to 99%"
    assert between(0.950, 0.971, "share") == "95.0% to 97.1%"
    assert between(None, 0.5, "share") == ""
    assert between(600, 780, "seconds") == "10 min to 13 min"


# A label may well say "NaN"; what must not is a number of ours.
LABELS = st.text(max_size=8).filter(lambda text: "NaN" not in text)
POINTS = st.lists(
    st.builds(
        Point,
        LABELS,
        st.none() | st.floats(0, 1),
        st.sampled_from(["", "/messages/?a=1&b=<2>"]),
        st.none() | st.floats(0, 1),
        st.none() | st.floats(0, 1),
        LABELS,
    ),
    max_size=40,
)
XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@given(POINTS)
def test_any_series_is_drawn_as_well_formed_pictures(points: list[Point]) -> None:
    for picture in (charts.columns(points, "says <so>"), charts.line(points, "says <so>", "share")):
        assert "style=" not in picture and "NaN" not in picture
        root = ET.fromstring(XML.sub("", f"<g>{picture}</g>"))
        first, *over = root.findall("svg")
        assert first.get("role") == "img" and first.get("aria-label") == "says <so>"
        assert len(over) == any(p.href for p in points)  # nothing lies over a picture that leads nowhere
        assert all(svg.get("aria-hidden") == "true" for svg in over)
        links = [a for svg in over for a in svg.iter("a")]
        assert all(a.get("tabindex") == "-1" for a in links)
        assert len(links) == sum(bool(p.href) for p in points)


def test_the_line_is_cut_where_there_were_too_few() -> None:
    points = [Point(str(i), None if i == 3 else 0.5) for i in range(7)]
    assert charts.line(points, "s", "share").count('class="l-own"') == 2


def test_heat_has_six_steps_and_a_cell_for_each_hour() -> None:
    grid = [[Point("x", d * h, "/m/") for h in range(24)] for d in range(7)]
    svg, legend = charts.heat(grid, "says so")
    assert svg.count('<rect class="h') == 168 and svg.count("<a ") == 168
    assert {charts.shade(v, 138) for v in (0, 1, 138)} == {0, 1, 5}
    assert "0 to 138" in legend


def test_a_drawn_table_says_where_there_were_too_few() -> None:
    rows = [Drawn("a", 0.5, "/x/", 0.4, 0.6, 90), Drawn("b", None, "", n=7, note="too few to say (n = 7)")]
    table = charts.drawn_table(rows, "share", "Shares", ("Channel", "Share"), 0.5)
    assert "too few to say (n = 7)" in table and table.count("<circle") == 1
    assert "<caption" in table and 'scope="row"' in table
