"""Runs one case on one subject and reports what was seen.  `host` is the only module of `golden` that imports
TensorFlow.
"""
