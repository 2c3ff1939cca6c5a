"""Issues that emerge: messages grouped by what they are about, without anybody naming the groups first.

Copies are taken together; the vectors' nearest neighbours make a graph; several partitions of it (Louvain at some
widths and resolutions, and with some of it left out) and of the vectors themselves (k-means) vote on each pair of
neighbours, and Louvain over the votes decides. Pure functions: no database. The result depends on the messages, not
on their order. How it was chosen and what it reaches: docs/topics.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crowdalogue.analyze import naming, topic_words
from crowdalogue.analyze.nearest import k_means, means, neighbours, unit
from crowdalogue.text.normalise import folded

VERSION = "3"
WIDTH = 256  # of the vectors compared
WORDS = 0.5  # length of the words' part of a vector, beside the encoder's at 1
WIDE = 30  # neighbours that the votes are about
FEW = 200  # below this many different messages directions and k-means would be of chance
UNRELATED = 0.35  # cosine below which two of few messages have nothing to do with each other
SMALLEST = 3  # messages of a topic, where there are more than a few
GRAPHS = ((10, 1.5), (15, 2.0), (15, 3.0), (20, 2.0), (20, 3.0))  # neighbours and resolution of each partition
THINNED = (20, 2.0)  # neighbours and resolution of the partitions of a graph of which some is left out
DRAWS = 3  # such partitions
HELD = 0.6  # of its pairs that such a graph keeps
NARROW = 4  # the power of a likeness there: only near neighbours hold much
DRAWN = 5  # nearest neighbours towards which a vector is drawn before k-means
TOWARDS = 0.5  # of the way: what k-means is given is the vector and half the mean of those
CELLS = (0.5, 0.7, 1.0, 1.2, 1.4, 1.7)  # k-means groups of the vectors, in square roots of the messages
RESOLUTION = 1.5  # of the last partition, over the votes
DECIDED = 3  # the power of a vote: pairs that few partitions join hold nothing together
KEPT = 0.4  # of the votes on two messages is that of their topics of before
REPRESENTATIVES = 5
PARTS = 6  # into which a topic can be split at once

_DIGITS = re.compile(r"\d+")
Floats = NDArray[np.float32]
Groups = NDArray[np.int64]


@dataclass(frozen=True)
class Topic:
    """One topic: `size` messages of which `unique` say something of their own; `representatives` are positions."""

    name: str
    words: tuple[tuple[str, float, int], ...]  # phrase, z, messages that say it
    size: int
    unique: int
    representatives: tuple[int, ...]
    centroid: Floats  # unit length, in the space of the vectors given
    group: int  # the coarser topic it belongs to


@dataclass(frozen=True)
class Group:
    """A coarser topic."""

    name: str
    words: tuple[tuple[str, float, int], ...]
    topics: tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """`topic` holds for each message the position of its topic in `topics`; the largest topic comes first."""

    topic: Groups
    topics: tuple[Topic, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Members:
    """The messages of one topic, however they came there, as `Topic` has them; without any the centroid is zeros."""

    size: int
    unique: int
    representatives: tuple[int, ...]
    centroid: Floats


def find(texts: Sequence[str], vectors: NDArray[Any], kept: Groups | None = None) -> Found:
    """Group messages by what they are about; every message is assigned.

    `vectors`: (len(texts), any width), unit length, any float; a row of zeros for a message that says nothing.
    Messages without a vector make one topic of their own, "no words". `kept`: each message's topic of before, -1 for
    a new one; it is a voter among the others, so that what did not change is not told apart anew every day.
    """
    if len(texts) == 0:
        return Found(np.empty(0, np.int64), (), ())
    with one_thread():
        return _find(texts, np.asarray(vectors, dtype=np.float32), kept)


def one_thread() -> AbstractContextManager[Any]:
    """Linear algebra on one thread: the products here are small, and several threads would wait for each other with
    the processor running (on two processors nearly twice its time, and no sooner done)."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits


def _find(texts: Sequence[str], vectors: Floats, kept: Groups | None) -> Found:
    order = sorted(range(len(texts)), key=lambda i: texts[i])
    texts, vectors = [texts[i] for i in order], vectors[order]
    first = _originals(texts)
    speaks = np.abs(vectors[first]).sum(axis=1) > 0
    one_each = np.unique(first[speaks])
    said = [naming.phrases(texts[i]) for i in one_each]
    of_each = _partition(
        vectors[one_each], [texts[i] for i in one_each], None if kept is None else kept[order][one_each]
    )
    topic = np.full(len(texts), -1, np.int64)
    topic[one_each] = of_each
    topic = topic[first]
    topic = _by_size(np.where(topic < 0, topic.max() + 1, topic))
    found = _described(texts, vectors, topic, one_each, said)
    back = np.empty(len(texts), np.int64)
    back[order] = topic
    places = np.array(order)
    topics = tuple(_moved(t, places) for t in found[0])
    return Found(back, topics, found[1])


def members(texts: Sequence[str], vectors: Floats, topic: Groups, count: int) -> list[Members]:
    """What the topics from 0 to `count` hold, where messages were moved after a fit. Unique: copies counted once."""
    first = _originals(texts)
    found = []
    for t in range(count):
        here = np.flatnonzero(topic == t)
        one_each = here[np.unique(first[here], return_index=True)[1]] if len(here) else here
        centroid = unit(vectors[one_each].sum(axis=0, keepdims=True))[0]
        best = _representatives(one_each, vectors, centroid)
        found.append(Members(len(here), len(one_each), best, centroid))
    return found


def parts(texts: Sequence[str], vectors: NDArray[Any], most: int = PARTS) -> Found:
    """A finer fit of one topic's messages: at most `most` parts, each of some size. One part: they are all alike."""
    found = find(texts, vectors)
    if len(found.topics) <= most:
        return found
    from scipy.cluster.hierarchy import fcluster, linkage

    with one_thread():
        vectors = np.asarray(vectors, dtype=np.float32)
        tree = linkage(np.stack([t.centroid for t in found.topics]), "ward")
        joined = fcluster(tree, most, "maxclust").astype(np.int64) - 1
        topic = _by_size(joined[found.topic])
        one_each = np.unique(_originals(texts))
        said = [naming.phrases(texts[i]) for i in one_each]
        topics, groups = _described(texts, vectors, topic, one_each, said)
    return Found(topic, tuple(topics), groups)


def _moved(topic: Topic, places: Groups) -> Topic:
    return replace(topic, representatives=tuple(int(places[i]) for i in topic.representatives))


def nearest_topic(vectors: NDArray[Any], centroids: Floats) -> tuple[Groups, Floats]:
    """For each vector the topic with the nearest centroid, and the cosine."""
    alike = np.asarray(vectors, dtype=np.float32) @ centroids.T
    best = alike.argmax(axis=1)
    return best, alike[np.arange(len(best)), best]


# --- copies ------------------------------------------------------------------------------------------------------


def _originals(texts: Sequence[str]) -> Groups:
    """For each text the position of the first that says the same, but for case, spacing, punctuation, links, digits."""
    first: dict[str, int] = {}
    return np.array([first.setdefault(_DIGITS.sub("0", folded(t)) or t, i) for i, t in enumerate(texts)], np.int64)


# --- the partition -----------------------------------------------------------------------------------------------


def _partition(vectors: Floats, texts: Sequence[str], kept: Groups | None) -> Groups:
    n = len(vectors)
    if n < 2:
        return np.zeros(n, np.int64)
    if n < FEW:
        return _few(vectors)
    space = _directions(vectors, topic_words.vectors(texts))
    near, alike = neighbours(space, WIDE)
    strength = np.maximum(alike, 0)
    partitions = [_louvain(near[:, :k], strength[:, :k] ** NARROW, resolution) for k, resolution in GRAPHS]
    partitions += [_thinned(near, strength, seed) for seed in range(DRAWS)]
    root, drawn = n**0.5, _drawn_together(space, near, strength)
    partitions += [k_means(drawn, int(c * root), seed=i)[0] for i, c in enumerate(CELLS)]
    votes = np.zeros(near.shape, np.float32)
    for groups in partitions:
        votes += groups[:, None] == groups[near]
    votes /= len(partitions)
    if kept is not None:
        votes = _with_kept(votes, kept, near)
    topic = _louvain(near, (votes**DECIDED * strength).astype(np.float32), RESOLUTION)
    return _without_splinters(topic, space)


def _thinned(near: NDArray[np.int32], strength: Floats, seed: int) -> Groups:
    """A partition that a few pairs cannot have made: of a graph of which others are left out with each seed."""
    k, resolution = THINNED
    held = np.random.default_rng(seed).random(near.shape)[:, :k] < HELD
    return _louvain(near[:, :k], (strength[:, :k] ** NARROW * held).astype(np.float32), resolution)


def _drawn_together(space: Floats, near: NDArray[np.int32], strength: Floats) -> Floats:
    """The vectors moved towards their nearest neighbours: k-means then finds cells that are nearer to what people
    mean (on all data that was tried), while the graph of vectors so moved would only show itself."""
    from scipy import sparse

    n, k = len(space), min(DRAWN, near.shape[1])
    weights = strength[:, :k] / np.maximum(strength[:, :k].sum(axis=1, keepdims=True), 1e-6)
    around = sparse.csr_matrix((weights.ravel(), near[:, :k].flatten(), np.arange(n + 1) * k), shape=(n, n))
    return unit((space + TOWARDS * np.asarray(around @ space)).astype(np.float32))


def _with_kept(votes: Floats, kept: Groups, near: NDArray[np.int32]) -> Floats:
    """The votes where the topics of before have a say, too: between messages that both had one."""
    known = (kept[:, None] >= 0) & (kept[near] >= 0)
    same = kept[:, None] == kept[near]
    result: Floats = np.where(known, (1 - KEPT) * votes + KEPT * same, votes).astype(np.float32)
    return result


def _few(vectors: Floats) -> Groups:
    """Few messages: those that are clearly alike belong together, and whatever is like nothing stands alone."""
    near, alike = neighbours(unit(vectors), min(10, max(2, len(vectors) // 4)))
    return _louvain(near, np.where(alike >= UNRELATED, alike**2, np.float32(0)).astype(np.float32), 1.0)


def _directions(vectors: Floats, words: Floats | None) -> Floats:
    """The vectors around their mean, with their words beside them, in the `WIDTH` directions in which they differ
    most, at length one."""
    around = vectors - vectors.mean(axis=0)
    if words is not None:
        around = np.hstack([unit(around), WORDS * words])
        around -= around.mean(axis=0)
    if around.shape[1] <= WIDTH:
        return unit(around)
    _, directions = np.linalg.eigh(around.T @ around)
    return unit(around @ directions[:, -WIDTH:])


def _louvain(near: NDArray[np.int32], weights: Floats, resolution: float) -> Groups:
    """The parts of the neighbours' graph. scikit-network's Leiden draws from the C library's own unseeded numbers,
    so that no run could be repeated; as one of many voters Louvain does as well (docs/topics.md)."""
    from scipy import sparse
    from sknetwork.clustering import Louvain

    n, k = near.shape
    graph = sparse.csr_matrix((weights.ravel().astype(np.float32), near.flatten(), np.arange(n + 1) * k), shape=(n, n))
    graph.eliminate_zeros()
    if graph.nnz == 0:
        return np.arange(n)
    louvain = Louvain(resolution=resolution, modularity="newman", return_probs=False, return_aggregate=False)
    labels: Groups = louvain.fit_predict(graph + graph.T).astype(np.int64)
    return labels


def _without_splinters(topic: Groups, space: Floats) -> Groups:
    """Topics of fewer than `SMALLEST` messages go to the nearest larger one."""
    _, topic, sizes = np.unique(topic, return_inverse=True, return_counts=True)
    if (sizes >= SMALLEST).all() or not (sizes >= SMALLEST).any():
        return topic
    lost = sizes[topic] < SMALLEST
    _, inner = np.unique(topic[~lost], return_inverse=True)
    result = np.empty(len(topic), np.int64)
    result[~lost] = inner
    result[lost], _ = nearest_topic(space[lost], means(space[~lost], inner))
    return result


# --- what the topics are -----------------------------------------------------------------------------------------


def _by_size(topic: Groups) -> Groups:
    """The groups numbered from 0, the largest first; of equals the one whose first message comes first."""
    _, first, inverse, sizes = np.unique(topic, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), np.int64)
    rank[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return rank[inverse]


def _described(
    texts: Sequence[str], vectors: Floats, topic: Groups, one_each: Groups, said: Sequence[set[str]]
) -> tuple[list[Topic], tuple[Group, ...]]:
    count = int(topic.max()) + 1
    centroids = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(centroids, topic[one_each], vectors[one_each])
    centroids = unit(centroids)
    members = [one_each[topic[one_each] == t] for t in range(count)]
    best = [_representatives(m, vectors, centroids[t]) for t, m in enumerate(members)]
    middles = [texts[b[0]] if b else "" for b in best]
    spoken = [texts[i] for i in one_each]
    named = naming.names(said, topic[one_each], middles, spoken)
    coarse = _coarser(centroids, np.array([len(m) for m in members]))
    groups = _groups(coarse, named, said, topic[one_each], middles, spoken)
    sizes = np.bincount(topic, minlength=count)
    silent = [tuple(np.flatnonzero(topic == t)[:1].tolist()) for t in range(count) if not best[t]]
    topics = [
        Topic(
            name=named[t].name,
            words=named[t].words,
            size=int(sizes[t]),
            unique=len(members[t]) or 1,
            representatives=best[t] or silent[0],
            centroid=centroids[t],
            group=int(coarse[t]),
        )
        for t in range(count)
    ]
    return topics, groups


def _representatives(members: Groups, vectors: Floats, centroid: Floats) -> tuple[int, ...]:
    order = np.argsort(-(vectors[members] @ centroid), kind="stable")
    return tuple(int(i) for i in members[order[:REPRESENTATIVES]])


def _coarser(centroids: Floats, sizes: Groups) -> Groups:
    """Which coarser topic each belongs to: the centroids joined by Ward into about twice the root of their number."""
    count = len(centroids)
    if count < 6:
        return np.arange(count)
    from scipy.cluster.hierarchy import fcluster, linkage

    around = unit(centroids - np.average(centroids, axis=0, weights=sizes).astype(np.float32))
    tree = linkage(around, "ward")
    return _by_size(fcluster(tree, max(2, round(2 * count**0.5)), "maxclust").astype(np.int64))


def _groups(
    coarse: Groups,
    named: Sequence[naming.Named],
    said: Sequence[set[str]],
    topic: Groups,
    middles: Sequence[str],
    spoken: Sequence[str],
) -> tuple[Group, ...]:
    inside = [np.flatnonzero(coarse == g) for g in range(int(coarse.max()) + 1)]
    if len(inside) == len(named):
        return tuple(Group(n.name, n.words, (i,)) for i, n in enumerate(named))
    whole = naming.names(said, coarse[topic], [middles[i[0]] for i in inside], spoken)
    alone = {g: named[i[0]] for g, i in enumerate(inside) if len(i) == 1}
    return tuple(
        Group((alone.get(g) or whole[g]).name, (alone.get(g) or whole[g]).words, tuple(i.tolist()))
        for g, i in enumerate(inside)
    )
