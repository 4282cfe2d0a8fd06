"""Values that options of the command lines take."""


def above_zero(kind):
    """Reads an int or a float as argparse does; what is not between 0 and a million is refused."""

    def read(text):
        value = kind(text)
        if not 0 < value < 1e6:
            raise ValueError
        return value

    read.__name__ = "number above 0, {}".format("whole" if kind is int else "of seconds")
    return read
