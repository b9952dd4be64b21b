"""What takes long to load is loaded when it is first needed, by one thread; all others wait for that one.

With functools.cache alone, eight readers that begin at once load everything eight times.
"""

import threading
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar, TypeVarTuple

#: different arguments of one function whose results are remembered: configurations change, and the rules with them
_REMEMBERED = 32

Ts = TypeVarTuple("Ts")
T = TypeVar("T")

#: one for all that is loaded: one part asks for another, and parts share tables that only one thread may fill at a time
_loading = threading.RLock()


def once(load: Callable[[*Ts], T]) -> Callable[[*Ts], T]:
    """`load`, called once for the same arguments (all hashable), and while nothing else is loaded."""
    remembered = lru_cache(maxsize=_REMEMBERED)(load)

    @wraps(load)
    def loaded(*arguments: *Ts) -> T:
        with _loading:
            return remembered(*arguments)

    return loaded
