"""What ends a command with one line and status 2."""


class UsageError(ValueError):
    """The command cannot do what it was asked; the message says what can be done."""
