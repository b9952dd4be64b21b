"""Judgments measured on labelled mail: `python -m benchmarks.quality.judgments`."""
