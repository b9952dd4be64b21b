"""What the service manager is told (sd_notify(3)), in the few lines that it takes. Outside systemd nothing is said."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manager:
    """The socket of the service manager, and how often it wants to hear that we live."""

    address: str = ""
    #: 0: it does not ask
    watchdog_seconds: float = 0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Manager":
        """As sd_notify(3) and sd_watchdog_enabled(3) hand it over."""
        asked = environment.get("WATCHDOG_USEC", "")
        meant = environment.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        seconds = int(asked) / 1_000_000 if meant and asked.isascii() and asked.isdigit() else 0
        return cls(environment.get("NOTIFY_SOCKET", ""), seconds)

    def say(self, *lines: str) -> None:
        """Send lines such as "READY=1" or "STATUS=..."; a manager that does not listen stops nothing."""
        if not self.address.startswith(("/", "@")):
            return
        # "@" stands for the NUL of Linux's abstract sockets
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
                manager.settimeout(1)
                manager.sendto("\n".join(lines).encode(), address)
        except OSError:
            return
