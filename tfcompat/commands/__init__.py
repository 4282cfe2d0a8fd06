"""The commands of `tfcompat`, one module each: `add_to(commands)` tells argparse its options, `run(options)` runs it.

A module here reads options and prints; what it prints is found out in `tfcompat.migrate` and `tfcompat.explanation`.
"""
