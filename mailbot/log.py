"""The logger of every module: structlog, without the tracebacks in colour for which it would load rich.

structlog imports rich (with pygments and Markdown) wherever that is installed, for exceptions on a terminal; mailbot
never logs their texts (cli/logs.py). Left out, a worker is 3 MiB smaller and starts 60 ms of processor time sooner.
"""

import sys

if "rich" in sys.modules:
    import structlog
else:
    sys.modules["rich"] = None  # type: ignore[assignment]  # importing it fails, for which structlog provides
    try:
        import structlog
    finally:
        del sys.modules["rich"]

get_logger = structlog.get_logger

__all__ = ["get_logger", "structlog"]
