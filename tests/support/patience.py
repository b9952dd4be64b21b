"""Real servers and processes need real time."""

import threading
from collections.abc import Callable

PATIENCE_SECONDS = 30


def until(is_so: Callable[[], object]) -> None:
    """Looks often, gives up late."""
    pause = threading.Event()
    for _ in range(PATIENCE_SECONDS * 20):
        if is_so():
            return
        pause.wait(0.05)
    raise AssertionError("it did not come to pass")
