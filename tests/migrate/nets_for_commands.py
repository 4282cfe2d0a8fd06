"""A file as `--model` takes one."""

import legacy


def small():
    return legacy.small()[0]
