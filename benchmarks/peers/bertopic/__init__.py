"""BERTopic's core, UMAP and HDBSCAN from PyPI, in an environment of its own."""
