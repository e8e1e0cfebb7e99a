"""How a test node is slow, or one of two that are not at the same height. What a test itself asks is answered at once."""

import random
import threading
import time


class Faults:
    def __init__(self):
        self.is_open = threading.Event()
        self.is_open.set()
        self.delay, self.lag, self.asked = 0, 0, 0
        self.choice = random.Random(1)

    def hold(self, is_held):
        """Nothing is answered from now on, until it is again."""
        self.is_open.clear() if is_held else self.is_open.set()
        return True

    def set(self, **values):
        vars(self).update(values)
        return True

    def wait(self, question):
        """Returns when a question may be answered."""
        if not is_tests(question):
            self.is_open.wait()
            time.sleep(self.delay)

    def seen(self, chain, question):
        """The chain as whoever answers sees it: about every other time that is a node which is behind."""
        if is_tests(question):
            return chain
        self.asked += 1
        return chain.behind(self.lag) if self.lag and self.choice.random() < 0.5 else chain


def is_tests(question):
    return isinstance(question, dict) and question["method"].startswith("test_")
