"""Topics of made-up and of real messages: assigned, repeatable, named, and about what people say they are about."""

from __future__ import annotations

import csv
import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, v_measure_score

from crowdalogue.analyze import topics
from crowdalogue.analyze.nearest import unit
from crowdalogue.text import encoder

DATA = Path(os.environ.get("CROWDALOGUE_DATA") or Path(__file__).parents[3] / "shared" / "data")


def made(kinds: int, each: int, seed: int = 0, width: int = 48) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Texts, vectors and the kind of each message: `kinds` clouds of `each` messages with words of their own."""
    generator = np.random.default_rng(seed)
    middles = generator.standard_normal((kinds, width))
    kind = np.repeat(np.arange(kinds), each)
    vectors = unit((middles[kind] + 0.45 * generator.standard_normal((len(kind), width))).astype(np.float32))
    letters = "abcdefghijklmnopqrstuvwxyz"
    texts = [f"thing{letters[k]} about {''.join(generator.choice(list(letters), 9))}" for k in kind]
    return texts, vectors, kind


def test_finds_what_is_there() -> None:
    texts, vectors, kind = made(12, 60)
    found = topics.find(texts, vectors)
    assert v_measure_score(kind, found.topic) > 0.97
    assert all(f"thing{'abcdefghijklmnopqrstuvwxyz'[kind[t.representatives[0]]]}" in t.name for t in found.topics)
    assert sum(t.size for t in found.topics) == len(texts)
    assert {i for g in found.groups for i in g.topics} == set(range(len(found.topics)))
    assert all(i in found.groups[t.group].topics for i, t in enumerate(found.topics))
    assert [t.size for t in found.topics] == sorted((t.size for t in found.topics), reverse=True)


def test_order_does_not_matter() -> None:
    texts, vectors, _ = made(9, 50, seed=1)
    found = topics.find(texts, vectors)
    order = np.random.default_rng(2).permutation(len(texts))
    again = topics.find([texts[i] for i in order], vectors[order])
    assert (found.topic[order] == again.topic).all()
    assert [t.name for t in found.topics] == [t.name for t in again.topics]
    for one, other in zip(found.topics, again.topics, strict=True):
        assert [texts[i] for i in one.representatives] == [texts[order[i]] for i in other.representatives]


def test_copies_count_once_and_come_back() -> None:
    texts, vectors, _ = made(5, 60, seed=3)
    copies = [f"{texts[0].upper()}!! https://example.com/{i}" for i in range(400)]
    found = topics.find([*texts, *copies], np.concatenate([vectors, np.repeat(vectors[:1], 400, axis=0)]))
    assert (found.topic[len(texts) :] == found.topic[0]).all()
    holder = found.topics[found.topic[0]]
    assert holder.size == holder.unique + 400


def test_few_messages() -> None:
    texts = [
        *("Where is my parcel?", "My parcel has not come", "The parcel is late", "parcel still not delivered"),
        *("How do I change my password?", "I forgot the password", "Password reset does not work"),
        *("The coffee was lovely", "", "   "),
    ]
    vectors = encoder.encode(texts)
    vectors[-2:] = 0
    found = topics.find(texts, vectors)
    of = found.topic.tolist()
    assert len(set(of[:4])) == len(set(of[4:7])) == len(set(of[8:])) == 1
    assert len({of[0], of[4], of[7], of[8]}) == 4
    assert found.topics[of[8]].name == "no words"
    assert "parcel" in found.topics[of[0]].name
    assert "password" in found.topics[of[4]].name


@pytest.mark.parametrize("text", ["The parcel is late", "", "🙂", "x" * 100_000])
def test_one_message(text: str) -> None:
    vector = np.zeros((1, 384), np.float32)
    vector[0, 0] = bool(text)
    found = topics.find([text], vector)
    assert found.topic.tolist() == [0]
    assert found.topics[0].name
    assert found.topics[0].representatives == (0,)


def test_the_same_text_a_thousand_times() -> None:
    found = topics.find(["The parcel is late"] * 1_000, np.tile(np.eye(1, 384, dtype=np.float32), (1_000, 1)))
    assert set(found.topic.tolist()) == {0}
    assert (found.topics[0].size, found.topics[0].unique) == (1_000, 1)
    shown = topics.parts(["The parcel is late"] * 1_000, np.tile(np.eye(1, 384, dtype=np.float32), (1_000, 1)))
    assert len(shown.topics) == 1


def test_very_long_texts() -> None:
    """Three hundred of 100,000 characters each: what is read of each is bounded."""
    texts, vectors, kind = made(4, 75, seed=6)
    long = [f"{text} " + "and so on " * 10_000 for text in texts]
    assert min(map(len, long)) > 100_000
    began = time.process_time()
    found = topics.find(long, vectors)
    assert time.process_time() - began < 20
    assert v_measure_score(kind, found.topic) > 0.9


def test_linear_algebra_stays_on_one_thread() -> None:
    from threadpoolctl import threadpool_info

    with topics.one_thread():
        inside = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert inside and set(inside) == {1}


def test_members_and_parts() -> None:
    texts, vectors, kind = made(9, 60, seed=8)
    described = topics.members(texts, vectors, kind, 10)
    assert [d.size for d in described] == [60] * 9 + [0]
    assert described[9].representatives == () and not described[9].centroid.any()
    assert all(kind[i] == t for t, d in enumerate(described) for i in d.representatives)
    assert described[0].unique == 60
    shown = topics.parts(texts, vectors, 4)
    assert len(shown.topics) == 4 and sum(t.size for t in shown.topics) == len(texts)
    assert v_measure_score(kind, shown.topic) > 0.6


def test_no_message() -> None:
    found = topics.find([], np.empty((0, 384), np.float32))
    assert (len(found.topic), found.topics, found.groups) == (0, (), ())


def test_same_vector_everywhere() -> None:
    """What an encoder says of a language it does not know must not break anything."""
    texts = [f"message {chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(400)]
    found = topics.find(texts, np.tile(np.eye(1, 384, dtype=np.float32), (400, 1)))
    assert sum(t.size for t in found.topics) == 400


def test_nearest_topic() -> None:
    texts, vectors, _ = made(8, 60, seed=5)
    found = topics.find(texts, vectors)
    near, alike = topics.nearest_topic(vectors.astype(np.float16), np.stack([t.centroid for t in found.topics]))
    assert (near == found.topic).mean() > 0.97
    assert ((alike > 0) & (alike < 1.01)).all()


def real(name: str) -> tuple[list[str], np.ndarray]:
    path = DATA / name / ("train.csv" if name == "banking77" else "train_val.json")
    if not path.exists():
        pytest.skip(f"{path.parent.name} is not beside the checkout; set CROWDALOGUE_DATA")
    if path.suffix == ".csv":
        with path.open(newline="") as stream:
            rows = [(r["text"], r["category"]) for r in csv.DictReader(stream)]
    else:
        rows = [tuple(r) for r in json.loads(path.read_text())["train"]]
    kept = sorted(rows)[::5]  # a fifth, so that reading them takes seconds
    return [t for t, _ in kept], np.array([c for _, c in kept])


@pytest.mark.parametrize(("name", "least_v"), [("banking77", 0.77), ("clinc150", 0.83)])
def test_real_questions(name: str, least_v: float) -> None:
    """A fifth of what people asked: the whole is measured by `benchmarks.run topics`."""
    texts, intents = real(name)
    vectors = encoder.encode(texts).astype(np.float16)
    began = time.process_time()
    found = topics.find(texts, vectors)
    assert time.process_time() - began < 10
    assert v_measure_score(intents, found.topic) >= least_v
    part = np.random.default_rng(0).permutation(len(texts))[: int(0.9 * len(texts))]
    again = topics.find([texts[i] for i in part], vectors[part])
    assert v_measure_score(found.topic[part], again.topic) > 0.85
    assert adjusted_rand_score(intents, found.topic) > 0.3
    words = {w for t in found.topics for w in t.name.casefold().split(", ")}
    assert not words & {"the", "my", "is", "to", "i", "how", "can", "a", "of", "do"}
