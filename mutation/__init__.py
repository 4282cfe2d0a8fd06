"""Mutation testing: does a test fail wherever the code of tfcompat is changed?

`mutants` makes the changes with the operators of mutmut and cosmic-ray; `forker` is a process that has imported
TensorFlow and not tfcompat, and forks for each change; `child` is what runs there. Needs `fork`: Linux or macOS.
"""
