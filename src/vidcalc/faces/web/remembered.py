"""Answers that were given already: the same question has the same answer for as long as the program runs."""

from collections import OrderedDict

BYTES = 32 * 2**20  # of all answers together
EACH = 256  # bytes that an entry takes beside its answer
LARGE = 2**19  # bytes of an answer that is not kept


class Remembered:
    """The answers asked for last, as many as have room, by a digest of their questions: those may be of any length."""

    def __init__(self, room: int = BYTES) -> None:
        self.room, self.size = room, 0
        self.answers: OrderedDict[bytes, tuple[int, bytes]] = OrderedDict()

    def get(self, question: bytes) -> tuple[int, bytes] | None:
        """The answer to a question, if it is known."""
        found = self.answers.get(question)
        if found is not None:
            self.answers.move_to_end(question)
        return found

    def put(self, question: bytes, answer: tuple[int, bytes]) -> None:
        """Keep an answer; the longest unasked go for it."""
        if len(answer[1]) > LARGE or question in self.answers:
            return
        self.answers[question] = answer
        self.size += EACH + len(answer[1])
        while self.size > self.room:
            _question, (_status, said) = self.answers.popitem(last=False)
            self.size -= EACH + len(said)
