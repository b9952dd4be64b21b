"""Reads attached documents: `python -I -m mailbot.mail.documents_child` serves one mail after another.

Starting Python and loading the readers takes longer than most documents, so it is done once; each mail is then read by
a process forked for it, which limits its own time and memory before it reads anything, can write no file, and is
thrown away afterwards. Standard input holds for each mail a line of JSON ({"seconds", "megabytes", "documents"}), then
each document as a line ({"form", "size"}) and its octets; for each one line is written: {"text"} or {"unread"}.
"""

import json
import os
import resource
import sys

from mailbot.mail.documents import UnreadableDocument, load_readers, text_of


def main() -> None:
    """Serve until standard input ends, or until a mail's process dies: what it left unread cannot be told apart."""
    load_readers()
    while line := _line():
        told = json.loads(line)
        child = os.fork()
        if child == 0:
            _read_mail(int(told["seconds"]), int(told["megabytes"]), int(told["documents"]))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(1)


def _read_mail(seconds: int, megabytes: int, documents: int) -> None:
    _limit(seconds, megabytes)
    for _ in range(documents):
        told = json.loads(_line())
        answer = _answer(_octets(int(told["size"])), str(told["form"]))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _answer(content: bytes, form: str) -> dict[str, str]:
    try:
        return {"text": text_of(content, form)}
    except UnreadableDocument as error:
        return {"unread": error.reason}


def _line() -> bytes:
    """One line; nothing behind it is taken from the pipe, which the next process reads on."""
    line = b""
    while not line.endswith(b"\n") and (octet := os.read(0, 1)):
        line += octet
    return line


def _octets(size: int) -> bytes:
    pieces: list[bytes] = []
    while size and (piece := os.read(0, min(size, 1 << 20))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _limit(seconds: int, megabytes: int) -> None:
    # setrlimit(2): processor time, address space, no core with somebody's letter in it, no file written
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1_000_000,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


if __name__ == "__main__":
    main()
