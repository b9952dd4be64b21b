"""Does work grow with its input, and not faster? Ratios of processor time within one run, never limits in seconds."""

import gc
import time
from collections.abc import Callable


def cpu_seconds(work: Callable[[], object], *, runs: int = 3) -> float:
    """The least of some runs: other programs on the machine only ever add.

    Without the collector of cyclic garbage, which goes through all that other tests have left: many such rounds in the
    larger work would look like growth.
    """
    least = float("inf")
    gc.disable()
    try:
        for _ in range(runs):
            before = time.process_time()
            work()
            least = min(least, time.process_time() - before)
    finally:
        gc.enable()
    return least


def grows_linearly(work_of: Callable[[int], Callable[[], object]], size: int) -> bool:
    """Whether the work of four times `size` costs less than nine times as much: 4 is linear, 16 quadratic.

    `work_of(n)` prepares an input of size n and returns the work on it. The floor keeps clock resolution out of the
    ratio.
    """
    small, large = work_of(size), work_of(4 * size)
    # A busy machine may disturb one comparison; what grows with the square fails all five.
    return any(cpu_seconds(large) < 9 * max(cpu_seconds(small), 0.002) for _ in range(5))
