"""A large file read by offsets, so that what nobody asks for never enters memory."""

import os

_PIECE = 256 * 1024


class FileOctets:
    """An open file as mailbot.mail.mime.Octets; `find` holds one piece of it at a time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._length = os.fstat(descriptor).st_size

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, where: slice, /) -> bytes:
        start, end, _ = where.indices(self._length)
        pieces: list[bytes] = []
        while start < end and (piece := os.pread(self._descriptor, end - start, start)):
            pieces.append(piece)
            start += len(piece)
        return b"".join(pieces)

    def find(self, what: bytes, start: int, /) -> int:
        """The offset of the first `what` from `start`, or -1. Pieces overlap by what might be cut apart."""
        while start < self._length:
            piece = os.pread(self._descriptor, _PIECE, start)
            found = piece.find(what)
            if found >= 0:
                return start + found
            if len(piece) < len(what):
                return -1
            start += len(piece) - len(what) + 1
        return -1
