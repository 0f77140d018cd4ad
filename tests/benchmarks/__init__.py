"""Workloads beside the peers, in one run: `make bench`. They are scripts, never timed tests."""
