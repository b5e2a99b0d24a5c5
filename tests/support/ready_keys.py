"""Private keys that are made once per test process, for tests that need keys of their own and not how they are made."""

from collections import Counter, defaultdict
from threading import Lock


class ReadyKeys:
    """
    In the place of a function that makes a private key for an algorithm: an RSA key takes as long as three sign-ins.

    `begin` starts a test: its first key of an algorithm is the one that every other test's first one was, its second
    the second, so that no key comes twice in one test. Keys are made by `make` when a test first asks for so many.
    """

    def __init__(self, make):
        self._make = make
        self._keys = defaultdict(list)
        self._taken = Counter()
        self._lock = Lock()

    def begin(self):
        self._taken.clear()

    def __call__(self, alg):
        with self._lock:
            keys = self._keys[alg]
            if self._taken[alg] == len(keys):
                keys.append(self._make(alg))
            self._taken[alg] += 1
            return keys[self._taken[alg] - 1]
