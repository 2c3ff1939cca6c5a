from pathlib import Path

import pytest

from crowdalogue.analyze import cards, figures

TRUTH, FOUND = ["a", "a", "b", "b"] * 10, ["a", "a", "b", "a"] * 10
RIGHT = [t == f for t, f in zip(TRUTH, FOUND, strict=True)]
REPORT = {
    "step": "mood",
    "data": "invented",
    "version": "7",
    **figures.metrics(TRUTH, FOUND),
    "not_sure": figures.share(4, 40, "share"),
    "told": figures.share(27, 36),
    "calibration": figures.calibration([0.75] * 40, RIGHT),
    "by_group": figures.by_group([figures.Traits("one two", "en", "mail")] * 40, RIGHT),
    "confused": figures.confused(TRUTH, FOUND),
    "messages_per_cpu_second": 500,
    "messages_per_cpu_second_alone": 9000,
    "research": {"a set (research)": figures.metrics(TRUTH, FOUND)},
}


def test_a_card_holds_the_figures_with_intervals_groups_and_the_curve(tmp_path: Path) -> None:
    text = cards.write(tmp_path, "mood", REPORT).read_text()
    for said in (
        "# Mood",
        "Version 7.",
        "| | 0.750 (0.598 to 0.858) |",
        "| a | 20 | 1.000",
        "| 1 to 5 words | 40 | 0.750",
        "| en | 40 |",
        "| mail | 40 |",
        "| 0.75 | 0.75 (0.60 to 0.86) | 40 |",
        "b read as a (10)",
        "500 messages a CPU-second; 9,000",
        "a set (research) | 40",
        "not sure of 0.100",
    ):
        assert said in text, said


def test_only_what_was_measured_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "mood.md"
    path.write_text("# Mood\n\nWhat it says.\n")
    cards.write(tmp_path, "mood", REPORT)
    path.write_text(path.read_text() + "\n## Where it fails\n\nAt dusk.\n")
    again = cards.write(tmp_path, "mood", {**REPORT, "version": "8"}).read_text()
    assert again.startswith("# Mood\n\nWhat it says.\n\n<!-- measured by")
    assert again.endswith("-->\n\n## Where it fails\n\nAt dusk.\n")
    assert "Version 8." in again
    assert "Version 7." not in again


def test_a_card_that_cannot_be_written_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="There is no folder"):
        cards.write(tmp_path / "none", "mood", REPORT)
    (tmp_path / "mood.md").write_text(cards.BEGIN.format(step="mood"))
    with pytest.raises(ValueError, match="without the other"):
        cards.write(tmp_path, "mood", REPORT)
