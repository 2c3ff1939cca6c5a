import numpy as np

from crowdalogue.analyze import training, valence


def test_no_word_stands_in_two_lists() -> None:
    every = [word for words in valence.lists().values() for word in words]
    assert len(every) == len(set(every)) > 1_500
    assert all(word == word.lower() for word in every)


def test_a_word_never_met_has_the_feeling_of_its_list() -> None:
    glad, cross = valence.lists()["glad"], valence.lists()["cross"]
    texts = [f"this is {word}" for word in (*glad[:40], *cross[:40])]
    data = training.features(texts, embed=False)
    new = training.features([f"this is {glad[-1]}", f"this is {cross[-1]}"], embed=False)
    said = {}
    for how in (training.PLAIN, training.Manner(lists=8.0)):
        model = training.fit(data, ["up"] * 40 + ["down"] * 40, [1.0] * 80, how)
        assert model.labels == ["down", "up"]
        scores = model.scores(new)
        said[how.lists] = scores[:, 1] - scores[:, 0]
    assert said[8.0][0] > 1 > -1 > said[8.0][1]
    assert np.abs(said[0.0]).max() < np.abs(said[8.0]).min()


def test_what_a_list_adds_is_in_the_words_own_weights() -> None:
    """The exported weights give the scores of the fit itself, a word under a negation included."""
    data = training.features(["a superb day", "a superb hour", "not superb at all", "not superb today"], embed=False)
    how = training.Manner(lists=8.0, full=10.0, words=10.0)
    model = training.fit(data, ["up", "up", "down", "down"], [1.0] * 4, how)
    assert [model.labels[i] for i in model.scores(data).argmax(axis=1)] == ["up", "up", "down", "down"]
    plain, negated = model.scores(training.features(["superb", "not superb"], embed=False))[:, 1]
    assert plain > negated
