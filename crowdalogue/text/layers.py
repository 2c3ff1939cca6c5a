"""What the upper layers of the encoder hold of a text, for classifiers that are trained on many examples.

The sentence vector is made for likeness of meaning; the layers below it and the strongest value of each feature keep
more of mood and wording. It is the same int8 graph with three more outputs, so it costs what an encoding costs.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from crowdalogue.text.encoder import WIDTH, Encoder, Floats, _batches, _encodable, build, model_path

# The sentence vector, the means of the fifth and fourth layer, and the maximum of the last.
PARTS = 4
# Around words that a text is judged on: the means of three layers, in which each token counts less the farther off.
AROUND, REACH = 3, 3.0
# How many tokens farther off it is beyond a mark or word where one thought ends ("the staff smiled but the soup ...").
_WORDS = ("but", "however", "though", "although", "while", "yet", "except", ".", ";", "!", "?")
_TURNS = dict.fromkeys(_WORDS, 8.0) | {",": 2.0}
# LayerNormalization nodes by number: one for the words, two a layer.
_LAYERS = (8, 10, 12)


Span = tuple[int, int]


class LayerEncoder(Encoder):
    """An encoder that gives `PARTS` unit vectors side by side; safe to share between threads as the other is."""

    @staticmethod
    def _load_session(path: Path | None, threads: int) -> Any:
        import onnx
        import onnxruntime
        from onnx import TensorProto, helper

        file = path or model_path()
        model = onnx.load(file if file.exists() else build(file))
        norms = [node.output[0] for node in model.graph.node if node.op_type == "LayerNormalization"]
        for name in (norms[i] for i in _LAYERS):
            model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def encode(self, texts: Sequence[str]) -> Floats:
        """Float32, (len(texts), PARTS * 384), in the order given. Each distinct text is computed once."""
        places: dict[str, list[int]] = {}
        for i, text in enumerate(texts):
            places.setdefault(text, []).append(i)
        result = np.zeros((len(texts), PARTS * WIDTH), dtype=np.float32)
        for text, vector in self._compute(list(places)):
            result[places[text]] = vector
        return result

    def encode_around(self, texts: Sequence[str], spans: Sequence[Span | None]) -> Floats:
        """As `encode`, with `AROUND` more unit vectors each: what stands in and near `spans[i]` (None: everywhere)."""
        read = self._tokenizer.encode_batch([_encodable(text) for text in texts])
        ids = [one.ids for one in read]
        nearness = [_nearness(one.offsets, span, _turns(one.tokens)) for one, span in zip(read, spans, strict=True)]
        result = np.zeros((len(texts), (PARTS + AROUND) * WIDTH), dtype=np.float32)
        for batch in _batches(sorted(range(len(texts)), key=lambda i: len(ids[i])), ids):
            outputs, mask = self._outputs([ids[i] for i in batch])
            near = np.zeros(mask.shape, dtype=np.float32)
            for row, i in enumerate(batch):
                near[row, : len(ids[i])] = nearness[i]
            around = [_unit(np.einsum("bt,btd->bd", near, layer)) for layer in outputs[1:]]
            result[batch] = np.hstack([_pooled(outputs, mask), *around])
        return result

    def _run(self, rows: list[list[int]]) -> Floats:
        return _pooled(*self._outputs(rows))

    def _outputs(self, rows: list[list[int]]) -> tuple[list[Floats], Any]:
        """The sentence vectors and the token states of the fourth, fifth and last layer, and which tokens are there."""
        tokens, mask = _padded(rows)
        return self._session.run(None, {"input_ids": tokens, "attention_mask": mask}), mask


def _pooled(outputs: list[Floats], mask: Any) -> Floats:
    sentence, fourth, fifth, last = outputs
    there = mask[:, :, None].astype(np.float32)
    number = there.sum(axis=1)
    peak = np.where(there > 0, last, np.float32(-9)).max(axis=1)
    parts = (sentence, (fifth * there).sum(axis=1) / number, (fourth * there).sum(axis=1) / number, peak)
    return np.hstack([_unit(part) for part in parts])


def _turns(tokens: Sequence[str]) -> Floats:
    """How much farther off each token makes what lies beyond it."""
    return np.array([_TURNS.get(token, 0.0) for token in tokens], dtype=np.float32)


def _nearness(offsets: Sequence[Span], span: Span | None, turns: Floats) -> Floats:
    """How much each token counts: one inside the span, less with the square of the distance; they sum to one."""
    number = len(offsets)
    if span is None:
        return np.full(number, 1 / number, dtype=np.float32)
    begins, ends = np.array(offsets).T
    inside = np.flatnonzero((begins < span[1]) & (ends > span[0]) & (ends > begins))
    first, last = (inside[0], inside[-1]) if len(inside) else (0, 0)
    place = np.arange(number)
    away = np.maximum(np.maximum(first - place, place - last), 0).astype(np.float32)
    passed = np.r_[np.float32(0), np.cumsum(turns)]
    away += np.where(place > last, passed[place + 1] - passed[last + 1], 0)
    away += np.where(place < first, passed[first] - passed[place], 0)
    near = (1 + away / REACH) ** -2.0
    near[[0, -1]] *= 0.3  # the marks of beginning and end
    result: Floats = (near / near.sum()).astype(np.float32)
    return result


def _padded(rows: list[list[int]]) -> tuple[Any, Any]:
    tokens = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    mask = np.zeros_like(tokens)
    for i, row in enumerate(rows):
        tokens[i, : len(row)] = row
        mask[i, : len(row)] = 1
    return tokens, mask


def _unit(rows: Any) -> Floats:
    result: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return result


_shared: LayerEncoder | None = None
_loading = threading.Lock()


def encode_layers(texts: Sequence[str]) -> Floats:
    """`LayerEncoder.encode` by the one of this process. Raises `EncoderMissing` where there is no encoder."""
    return _one().encode(texts)


def encode_around(texts: Sequence[str], spans: Sequence[Span | None]) -> Floats:
    """`LayerEncoder.encode_around` by the one of this process. Raises `EncoderMissing` where there is no encoder."""
    return _one().encode_around(texts, spans)


def _one() -> LayerEncoder:
    global _shared
    with _loading:
        if _shared is None:
            _shared = LayerEncoder()
    return _shared
