from pathlib import Path

from crowdalogue.analyze import research


def test_ours_is_better_than_vader_on_care_tweets(data: Path) -> None:
    scored = research.sentiment(data, 300)["airline_tweets (research)"]
    assert scored["ours"]["macro_f1"] > scored["vader"]["macro_f1"] + 0.1


def test_tweets_in_other_languages_are_told(data: Path) -> None:
    [scored] = research.languages(data).values()
    assert scored["per_label"]["fr"]["recall"] > 0.97
    assert scored["per_label"]["de"]["recall"] > 0.88


def test_no_row_is_learned_from_and_judged_on(data: Path) -> None:
    known, judged = research.few(data)
    assert len(known) == research.FEW * len({label for _, label in known})
    assert not set(known) & set(judged)
    assert research.few(None) == ([], [])
