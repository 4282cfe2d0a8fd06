"""Does a recording or a test fail where the code of tfcompat is changed?

`forker` is a process that has imported TensorFlow and not tfcompat, and forks for each change; `child` is what runs
there. Needs `fork`: Linux or macOS. `mutants` makes the changes, `reach` knows what runs which lines, `hunt` looks for
what fails, `results` keeps what was found, and `command` is `scripts/mutate.py`.
"""
