"""Watching one inbox on a connection of its own: IDLE, a link that is checked, and an end at any time."""

import socket
from contextlib import suppress

from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.idle import Waiting

#: a router that has forgotten the connection is noticed in about five minutes, not when IDLE is renewed
_KEEPALIVE = (("TCP_KEEPIDLE", 180), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 4))


class ImapWatch:
    """A platforms.base.Watch of an inbox."""

    def __init__(self, connection: ImapConnection) -> None:
        """Takes the connection over. Refused when the inbox cannot be opened."""
        self._connection = connection
        try:
            self._socket: socket.socket = connection.client.socket()
            _keep_alive(self._socket)
            self._waiting = Waiting(connection)
        except BaseException:
            connection.close()
            raise

    def wait(self, timeout_seconds: float) -> bool:
        return self._waiting.wait(timeout_seconds)

    def interrupt(self) -> None:
        """From another thread: `wait` ends with LostConnection."""
        with suppress(OSError):
            # Not SSLSocket.shutdown: that takes the encryption away from under the waiting thread.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        self._waiting.close()


def _keep_alive(link: socket.socket) -> None:
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        if hasattr(socket, name):  # not everywhere
            link.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
