"""Differential fuzzing: cases drawn by hypothesis, on the real function and on tfcompat in one process.

`python scripts/fuzz.py` draws and compares; a case that differs is shrunk and printed as the catalogue has them.
"""
