"""Heads that may keep quiet: nothing is nothing, and not sure is told as such."""

import pytest

from crowdalogue.analyze.document import UNDETERMINED, Document
from crowdalogue.analyze.pipeline import read
from crowdalogue.analyze.steps import careful, head

NAMES = ("emotion", "journey")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_nothing_or_ours_leaves_no_finding(name: str) -> None:
    documents = [
        Document("1", "Council votes on the new budget on Thursday at nine"),
        Document("2", "I am furious, you useless idiots", inbound=False),
    ]
    assert not any(name in d.findings for d in read(documents, embed=False))


@pytest.mark.parametrize("name", NAMES)
def test_below_the_mark_it_is_not_sure(name: str) -> None:
    texts = ["I am so angry, you useless idiots", "thank you so much for your help", "the parcel never came", "hm"]
    plain = [Document(str(i), text) for i, text in enumerate(texts)]
    head.step(name).run(plain)
    for sure, unsure in ((0.0, False), (1.01, True)):
        documents = [Document(str(i), text) for i, text in enumerate(texts)]
        careful.step(name, sure).run(documents)
        for document, said in zip(documents, plain, strict=True):
            finding, best = document.findings.get(name), said.findings[name]
            if best.label == "none":
                assert finding is None
            else:
                assert finding is not None
                assert finding.confidence == best.confidence
                assert finding.label == (UNDETERMINED if unsure else best.label)
                assert finding.words == (() if unsure else best.words)


@pytest.mark.parametrize("name", NAMES)
def test_the_step_tells_its_labels_and_version(name: str) -> None:
    step = careful.step(name, 0.4)
    assert step.version == head.card(name)["version"]
    assert "none" in step.labels
    assert UNDETERMINED not in step.labels
