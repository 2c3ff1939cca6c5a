import numpy as np

from crowdalogue.analyze.document import Document
from crowdalogue.analyze.steps import embedding


def test_vectors_tell_meanings_apart() -> None:
    texts = ["Where is my parcel?", "my package has not arrived", "how do I reset my password?", "", "x" * 100_000]
    documents = [Document(str(i), text) for i, text in enumerate(texts)]
    embedding.run(documents)
    parcel, package, password = (d.embedding for d in documents[:3])
    assert parcel is not None and package is not None and password is not None
    assert parcel.shape == (384,)
    assert parcel.dtype == np.float32
    assert parcel @ package > parcel @ password + 0.2
    assert documents[3].embedding is None
    assert documents[4].embedding is not None


def test_the_subject_counts() -> None:
    plain, titled = Document("1", "see above"), Document("1", "see above", subject="Refund for order 7")
    embedding.run([plain, titled])
    assert plain.embedding is not None and titled.embedding is not None
    assert plain.embedding @ titled.embedding < 0.9
