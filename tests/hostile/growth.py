"""Whether what a text costs grows in proportion to its length; robust on a machine that is busy with other things."""

import time

LENGTH = 60_000
SLOW, DEEPER = 0.1, 40  # seconds; frames, about half of such a piece
# The awkward shapes, repeated: what patterns and parsers go back and forth over.
SHAPES = ("a", "-", ".", "%", "_", " ", "\n", "a-", "\n ", "${", "a.", "a ", "%2", "é")


def of_length(shape, length):
    return (shape * (length // len(shape) + 1))[:length]


def seconds(call, text, tries=1):
    """
    Time of this process's processor, the best of several.

    What takes long is tried once more from deeper in the stack. CPython 3.11 keeps frames in pieces of 16 KiB, and
    where a loop's calls cross from one piece to the next, each call asks the system for memory and gives it back: fifty
    times the time, whatever the text is. At no two depths is that the same loop.
    """

    def once(deeper=0):
        if deeper:
            return once(deeper - 1)
        started = time.process_time()
        call(text)
        return time.process_time() - started

    best = min(once() for _ in range(tries))
    return best if best < SLOW else min(best, once(deeper=DEEPER))


def grows_in_proportion(call, shape, *, length=LENGTH, quick=0.02, end="", as_text=str):
    """
    Compare a quarter of `length` with the whole, where the whole takes longer than `quick`, in seconds.

    A step for each pair of characters makes sixteen of the quarter's time, and seconds of the whole.
    """

    def at(part, tries):
        return seconds(call, as_text(of_length(shape, length // part) + end), tries)

    if at(16, 1) > quick:  # so slow that the whole might hold the test up
        return at(16, 3) < max(quick, 8 * at(64, 5))
    return at(1, 1) < quick or at(1, 3) < max(quick, 8 * at(4, 5))
