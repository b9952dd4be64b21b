"""Measurements, as ratios to reading the same files and to the standard library's parsers in the same run."""
