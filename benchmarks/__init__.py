"""What is claimed, measured: `make bench` runs every bench_*.py and writes RESULTS.md."""
