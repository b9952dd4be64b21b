"""Reads attached documents: `python -m mailbot.mail.documents_child SECONDS MEGABYTES` serves one mail after another.

Starting Python and loading the readers takes longer than most documents, so one process reads many. It limits its own
memory, and the time of each mail, before it reads anything, and can write no file; whoever started it measures from
outside, ends it where it hangs or grows, and now and then in any case (mailbot/work/document_reader.py). Standard input
holds for each mail a line of JSON ({"seconds", "documents"}), then each document as a line ({"form", "size"}) and its
octets; for each one line is written: {"text"} or {"unread"}.
"""

import gc
import json
import resource
import sys
from typing import BinaryIO

from mailbot.mail.documents import UnreadableDocument, load_readers, text_of


def main() -> None:
    """Serve until standard input ends; SECONDS of processor time and MEGABYTES of memory for the whole life."""
    seconds, megabytes = int(sys.argv[1]), int(sys.argv[2])
    load_readers()
    gc.freeze()
    _limit_life(seconds, megabytes)
    while line := sys.stdin.buffer.readline():
        told = json.loads(line)
        _limit_time(int(told["seconds"]), seconds)
        for _ in range(int(told["documents"])):
            _serve(sys.stdin.buffer)
        gc.collect()


def _serve(source: BinaryIO) -> None:
    told = json.loads(source.readline())
    answer = _answer(source.read(int(told["size"])), str(told["form"]))
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _answer(content: bytes, form: str) -> dict[str, str]:
    try:
        return {"text": text_of(content, form)}
    except UnreadableDocument as error:
        return {"unread": error.reason}


def _limit_life(seconds: int, megabytes: int) -> None:
    # setrlimit(2): processor time, address space, no core with somebody's letter in it, no file written
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1_000_000,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _limit_time(seconds: int, life: int) -> None:
    """The limit counts from the start of the process: what was used before is added, rounded up."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (min(soft, life), life))


if __name__ == "__main__":
    main()
