"""What a user can put right."""


class InputError(ValueError):
    """A file, folder or option that cannot be used; the message is one line that names it and says what to do."""


def first_line(error: BaseException) -> str:
    """What an error says first, or its type where it says nothing: the part that goes into a line of ours."""
    return (str(error).strip() or type(error).__name__).split("\n")[0]
