import numpy as np
import pytest

from crowdalogue.analyze import classifier, feeling

SPANISH = ["hoy tenemos reunión por la mañana en la oficina", "el tren sale a las ocho de la estación del norte"] * 3
ENGLISH = ["we have a meeting at the office this morning", "the train leaves at eight from the north station"] * 3


def test_the_languages_of_a_file_decide_which_lists_are_read() -> None:
    assert feeling.languages_of(SPANISH) == ("es",)
    assert feeling.languages_of(ENGLISH) == ()
    assert feeling.languages_of([]) == ()
    assert not feeling.columns(["qué alegría", "mal"], ()).any()


@pytest.mark.parametrize(
    ("text", "glad", "cross"),
    [
        ("¡Qué alegría, qué felicidad!", True, False),
        ("todo es horrible y triste", False, True),
        ("el tren sale a las ocho", False, False),
        ("", False, False),
        ("😀", False, False),
    ],
)
def test_glad_and_cross_words_are_found_with_accents_or_without(text: str, glad: bool, cross: bool) -> None:
    found = feeling.columns([text], ("es",))[0]
    assert found.shape == (feeling.WIDTH,)
    assert (bool(found[0]), bool(found[1])) == (glad, cross)


def test_a_negated_word_counts_apart() -> None:
    found = feeling.columns(["non è una bella storia", "una bella storia"], ("it",))
    assert found[0, 0] == 0
    assert found[0, 2] > 0
    assert found[1, 0] > 0
    assert found[1, 2] == 0


def test_a_long_word_is_no_long_work() -> None:
    assert feeling.columns(["a" * 100_000], ("es", "it")).shape == (1, feeling.WIDTH)


def test_a_word_never_met_is_known_by_its_list() -> None:
    glad, cross = ["alegría", "felicidad", "maravilla", "éxito"], ["tristeza", "horrible", "asco", "rabia"]
    texts = [f"esta es una tarde de {word} para toda la familia" for word in (*glad, *cross) * 2]
    model = classifier.fit(texts, (["arriba"] * 4 + ["abajo"] * 4) * 2)
    scores = model.scores([f"esta es una tarde de {word} para toda la familia" for word in ("orgullo", "miseria")])
    place = model.labels.index("arriba")
    assert np.diff(scores[:, place])[0] < 0
