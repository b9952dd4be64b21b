"""What is loaded when it is first needed is loaded by one thread."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from mailbot.once import once

_READERS = 8

#: eight readers meet their first mail at the same moment
_BEGINNING = f"""
import threading
from concurrent.futures import ThreadPoolExecutor
from mailbot.policy import learned, learned_rows, vocabulary
from mailbot.policy.decide import decide
from tests.policy.mails import FACTS, mail
from tests.policy.test_decide import NOW
from mailbot.policy.profile import load_policy

atoms, tables, together = [], [], threading.Barrier({_READERS})
add, parse = vocabulary._Atoms.add, learned.parse
vocabulary._Atoms.add = lambda self, way, letters: atoms.append((way, letters)) or add(self, way, letters)
learned.parse = lambda lines: tables.append(lines) or parse(lines)
policy = load_policy("bjurholm")

def read(number):
    together.wait()
    decide(mail(f"Jag överklagar beslutet om bygglov {{number}}. Ring mig!"), FACTS, policy, NOW)

with ThreadPoolExecutor({_READERS}) as readers:
    list(readers.map(read, range({_READERS})))
assert len(tables) == 1, f"the weights were read {{len(tables)}} times"
assert len(atoms) == len(set(atoms)), "an atom has two numbers: one of them is in no tree that is searched"
"""


def test_threads_that_ask_at_once_wait_for_one_loading() -> None:
    begun, waiting, calls = threading.Event(), threading.Event(), []

    @once
    def load(name: str) -> list[str]:
        calls.append(name)
        begun.set()
        assert waiting.wait(10)
        return [name]

    with ThreadPoolExecutor(2) as readers:
        first = readers.submit(load, "a")
        assert begun.wait(10)
        second = readers.submit(load, "a")
        waiting.set()
        assert first.result() is second.result()
    assert calls == ["a"]
    assert load("b") == ["b"]
    assert load("a") is first.result()


def test_what_fails_is_tried_again() -> None:
    calls = []

    @once
    def load() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError

    for expected in (1, 2, 2):
        try:
            load()
        except ValueError:
            assert len(calls) == 1
        assert len(calls) == expected


def test_what_is_loaded_may_load_another() -> None:
    inner = once(lambda: "inner")
    outer = once(lambda: inner() + " and outer")
    assert outer() == "inner and outer"


def test_readers_that_begin_together_read_the_rules_once() -> None:
    subprocess.run([sys.executable, "-c", _BEGINNING], check=True, timeout=60)
