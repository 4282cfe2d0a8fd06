"""What a user can put right."""


class InputError(ValueError):
    """A file, folder or option that cannot be used; the message is one line that names it and says what to do."""
