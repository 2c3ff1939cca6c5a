import time

from crowdalogue.analyze.steps.catalogue import Catalogue, Entry
from crowdalogue.analyze.steps.products import run
from tests.analyze.steps.bad import check, found, quoted

KNOWN = {
    "catalogue": Catalogue([Entry("7", "Tarn Kettle"), Entry("8", "Table Light"), Entry("9", "Lamp", ("table light",))])
}


def test_a_named_product_is_found_with_its_words() -> None:
    text = "my Tarn Ketle leaks, the tarn kettle of my neighbour does not"
    finding = found(run, "products", text, known=KNOWN)
    assert finding is not None
    assert (finding.label, quoted(text, finding)) == ("7", ["tarn kettle"])
    assert finding.extra == {"named": [{"id": "7", "name": "Tarn Kettle"}]}


def test_what_fits_several_is_named_as_such_and_stands_behind_what_is_sure() -> None:
    text = "the table light or the tarn kettle"
    finding = found(run, "products", text, known=KNOWN)
    assert finding is not None
    assert finding.label == "7"
    assert finding.extra["named"][1] == {"among": ["8", "9"], "name": "Table Light / Lamp"}
    alone = found(run, "products", "which table light", known=KNOWN)
    assert alone is not None
    assert (alone.label, alone.confidence) == ("several", 0.5)


def test_a_subject_counts_where_the_text_names_none() -> None:
    finding = found(run, "products", "it leaks", subject="Tarn Kettle", known=KNOWN)
    assert finding is not None
    assert (finding.label, finding.words) == ("7", ())


def test_without_a_catalogue_nothing_is_found() -> None:
    assert found(run, "products", "my tarn kettle") is None
    assert found(run, "products", "my tarn kettle", known={"catalogue": Catalogue([])}) is None


def test_strange_texts_are_read_and_quickly() -> None:
    began = time.process_time()
    check(run, "products", known=KNOWN)
    check(run, "products", known={"catalogue": Catalogue([Entry("1", "😀"), Entry("2", "a" * 5_000), Entry("3", "1")])})
    assert time.process_time() - began < 10
