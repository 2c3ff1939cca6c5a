"""What the open networks share; the reading of Matrix events is tested with its channel (test_matrix.py)."""
