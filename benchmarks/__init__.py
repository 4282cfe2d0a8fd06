"""How fast batch normalization is, here and elsewhere: `python -m benchmarks`, `python -m benchmarks.scale`."""
