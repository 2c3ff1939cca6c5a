"""What can go wrong and was expected to: one exception, worded for the person who will read it."""


class Failure(Exception):
    """An expected failure: its text says the likely cause, then the remedy.

    `permanent` is True when trying again unchanged cannot help. The text is kept on the row
    concerned and shown where the user looks, so it never holds secrets or message texts.
    """

    def __init__(self, text: str, *, permanent: bool = True) -> None:
        super().__init__(text)
        self.text = text
        self.permanent = permanent


class Refused(Failure):
    """A knock at the door that was not let in: wrong signature, too old, too large.

    `status` is the HTTP status the door answers with.
    """

    def __init__(self, text: str, *, status: int = 403) -> None:
        super().__init__(text, permanent=True)
        self.status = status


class NotUnderstood(Failure):
    """A delivery was kept, but its content could not be read. It can be replayed after a fix."""


class SendError(Failure):
    """A reply was not sent.

    `uncertain` is True when the connection was cut after the content had left, so that the
    provider may or may not have it: only a person may send it again.
    """

    def __init__(self, text: str, *, permanent: bool = False, uncertain: bool = False) -> None:
        super().__init__(text, permanent=permanent)
        self.uncertain = uncertain
