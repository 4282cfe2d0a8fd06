"""Fuzzing: random cases on the real function and on tfcompat in one process, and damaged files.

`python scripts/fuzz.py` draws cases by hypothesis and compares; one that differs is shrunk and printed as the catalogue
has them. `python scripts/fuzz_files.py` damages files and requires a success or a clear error.
"""
