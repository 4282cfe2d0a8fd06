"""The harness: cases, recordings of real TensorFlow, and the comparison with them.

Runs on Python 3.6 with the standard library and NumPy.  One module, `runner`, imports TensorFlow.  Nothing here imports
`tfcompat`: a subject under test is named by its module path and imported inside a worker process.
"""
