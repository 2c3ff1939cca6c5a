import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from crowdalogue.text import encoder

TEXTS = [
    "Where is my parcel?",
    "The app crashes whenever I open the camera",
    "Thank you so much, Jana was brilliant on the phone today!",
    "cancel my subscription",
    "I have now waited three weeks for a refund that you promised within five days. Please tell me what is going on.",
    "",
    "😀",
    "x" * 5000,
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoder.build(tmp_path_factory.mktemp("models") / "int8.onnx")


def test_vectors_are_unit_float32_in_the_order_given(built: Path) -> None:
    model = encoder.Encoder(built)
    vectors = model.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-4)
    for i, text in enumerate(TEXTS):
        # A text alone and a text among longer ones are padded and quantised differently, but barely.
        assert vectors[i] @ encoder.Encoder(built).encode([text])[0] > 0.97
    assert model.encode([]).shape == (0, 384)


def test_int8_keeps_close_to_float32(built: Path, tmp_path: Path) -> None:
    exact = encoder.Encoder(encoder.build(tmp_path / "float32.onnx", quantised=False)).encode(TEXTS)
    cosines = (encoder.Encoder(built).encode(TEXTS) * exact).sum(axis=1)
    assert cosines.mean() > 0.97
    assert cosines.min() > 0.9


def test_near_in_meaning_is_near_in_space(built: Path) -> None:
    vectors = encoder.Encoder(built).encode(
        ["Where is my parcel?", "My package has not arrived yet", "How do I change my password?"]
    )
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def test_repeats_are_the_same_vector(built: Path) -> None:
    model = encoder.Encoder(built)
    first = model.encode(["hello there", "something else", "hello there"])
    again = model.encode(["hello there"])
    assert (first[0] == first[2]).all()
    assert (first[0] == again[0]).all()


def test_a_lone_surrogate_is_encoded_and_not_raised(built: Path) -> None:
    assert np.isfinite(encoder.Encoder(built).encode(["broken \ud800 text"])).all()


def test_a_model_file_cut_short_is_built_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built: Path) -> None:
    monkeypatch.setenv("CROWDALOGUE_HOME", str(tmp_path))
    path = encoder.model_path()
    path.parent.mkdir(parents=True)
    path.write_bytes(built.read_bytes()[:100_000])
    assert encoder.Encoder().encode(["hello"]).shape == (1, 384)
    assert path.stat().st_size == built.stat().st_size


def test_two_processes_that_build_at_once_both_succeed(tmp_path: Path) -> None:
    environment = {**os.environ, "CROWDALOGUE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "crowdalogue.text.encoder"]
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=150)[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert said[0] == said[1]
    assert [p.name for p in (tmp_path / "models").iterdir()] == [Path(said[0]).name]
    assert encoder.Encoder(Path(said[0])).encode(["hello"]).shape == (1, 384)


def test_threads_may_share_an_encoder(built: Path) -> None:
    model = encoder.Encoder(built)
    results: list[np.ndarray] = []
    texts = [f"message number {i}" for i in range(40)]
    threads = [threading.Thread(target=lambda: results.append(model.encode(texts))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(np.allclose(r, results[0], atol=0.02) for r in results)


def test_a_thread_count_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, built: Path) -> None:
    monkeypatch.setenv("CROWDALOGUE_ENCODER_THREADS", "many")
    with pytest.raises(ValueError, match="CROWDALOGUE_ENCODER_THREADS"):
        encoder.Encoder(built)


def test_the_runtime_reports_to_nobody(tmp_path: Path, built: Path) -> None:
    """Its telemetry keeps a device id and a queue of events in the user's cache before it sends them."""
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY" and not k.startswith("XDG_")}
    environment |= {"HOME": str(tmp_path), "CROWDALOGUE_HOME": str(tmp_path / "home")}
    code = f"from crowdalogue.text import encoder; encoder.Encoder(encoder.Path({str(built)!r})).encode(['hello'])"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=100)
    assert not (tmp_path / ".cache").exists()
