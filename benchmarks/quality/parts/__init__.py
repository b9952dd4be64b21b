"""New text, signature and quotation measured on labelled mail: `python -m benchmarks.quality.parts`."""
