"""How a process that runs for long spares processor time and memory; commands that end at once need none of it."""

import gc
from contextlib import suppress

#: allocations between two looks for cyclic garbage. A mail makes some thousand small objects and hardly a cycle: with
#: Python's 700 a tenth of a pass would go into looking.
_COLLECT_EVERY = 20_000
#: mallopt(3): how many stores of freed memory glibc keeps. By default there are eight for each core, so that threads
#: need not wait for each other; ours take turns anyway, and each store holds some MiB that the others then lack.
_M_ARENA_MAX = -8


def spare_memory() -> None:
    """To be called before threads begin to work. Does nothing where the C library is another one."""
    gc.set_threshold(_COLLECT_EVERY)
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
