"""Access tokens for XOAUTH2, from a program of the organisation's."""

import subprocess
from collections.abc import Sequence

from mailbot.errors import PermanentError, TransientError

_SECONDS = 30


def token_from(command: Sequence[str], address: str) -> str:
    """The first line that `command` prints, with {address} filled in. No shell; its output is never shown."""
    arguments = [argument.replace("{address}", address) for argument in command]
    try:
        done = subprocess.run(  # noqa: S603 (the administrator's own program)
            arguments, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise TransientError(f"token_command {arguments[0]} took longer than {_SECONDS} seconds") from None
    except OSError as error:
        raise PermanentError(f"token_command {arguments[0]} cannot be run: {error.strerror}; name a program") from None
    if done.returncode != 0:
        raise TransientError(f"token_command {arguments[0]} ended with {done.returncode}; run it by hand to see why")
    lines = done.stdout.decode("ascii", "replace").split()
    if not lines:
        raise PermanentError(f"token_command {arguments[0]} printed no token; it must write it to standard output")
    return lines[0]
