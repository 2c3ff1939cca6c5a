"""Group vectors as BERTopic does by default: UMAP to five directions, then HDBSCAN.

    python group.py VECTORS.npy LABELS.npy [VECTORS.npy LABELS.npy ...]

Runs in the peer's environment, not in ours, and prints one JSON object a pair of files. The settings are those of
BERTopic 0.17's defaults (15 neighbours, 5 directions, no least distance, cosine; groups of at least 10, by excess of
mass), with a seed, so that the peer's runs differ by what they were given and not by chance; with one UMAP works on one
thread. What the first call compiles is not counted. LABELS.npy gets -1 where HDBSCAN leaves a message out.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from typing import Any

import numpy as np

SEED = 0
WARM = 4_200  # vectors of the call that is not counted: from 4,096 on UMAP searches by trees, which is compiled too


def group(vectors: Any) -> Any:
    from hdbscan import HDBSCAN
    from umap import UMAP

    small = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", low_memory=False, random_state=SEED)
    few = small.fit_transform(vectors)
    found = HDBSCAN(min_cluster_size=10, metric="euclidean", cluster_selection_method="eom", prediction_data=True)
    return found.fit(few).labels_


def main() -> None:
    warnings.simplefilter("ignore")
    files = sys.argv[1:]
    group(np.load(files[0])[:WARM])
    for source, target in zip(files[::2], files[1::2], strict=True):
        vectors = np.load(source)
        began = time.process_time()
        labels = group(vectors)
        spent = time.process_time() - began
        np.save(target, labels.astype(np.int64))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sys.stdout.write(json.dumps({"cpu_s": spent, "peak_mb": peak}) + "\n")


if __name__ == "__main__":
    main()
