"""The demo company: invented whole by a seeded generator, filed through the same door as everything else."""
