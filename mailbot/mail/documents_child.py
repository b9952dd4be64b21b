"""The child process that reads attached documents: `python -I -m mailbot.mail.documents_child SECONDS MEGABYTES`.

Standard input holds documents, each as a line of JSON ({"form", "size"}) and its octets; for each, one line of JSON is
written as soon as it is read: {"text"} or {"unread"}. The process limits its own time and memory before it reads any,
can open no further files for writing, and is thrown away afterwards.
"""

import json
import resource
import sys
from typing import BinaryIO

from mailbot.mail.documents import UnreadableDocument, text_of


def main(arguments: list[str]) -> None:
    """Read every document on standard input until its end."""
    seconds, megabytes = (int(each) for each in arguments)
    _limit(seconds, megabytes)
    source, answers = sys.stdin.buffer, sys.stdout
    while line := source.readline():
        told = json.loads(line)
        answers.write(json.dumps(_answer(source, str(told["form"]), int(told["size"]))) + "\n")
        answers.flush()


def _answer(source: BinaryIO, form: str, size: int) -> dict[str, str]:
    try:
        return {"text": text_of(source.read(size), form)}
    except UnreadableDocument as error:
        return {"unread": error.reason}


def _limit(seconds: int, megabytes: int) -> None:
    # setrlimit(2): processor time, address space, no core with somebody's letter in it, no file written
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1_000_000,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


if __name__ == "__main__":
    main(sys.argv[1:])
