"""What is measured. Each measure runs in a process of its own, which imports first and then starts the clock.

What mailbot itself does not use is imported where it is needed: it would count as the memory of a pass.
"""

import os
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

#: an instant after all generated mail
NOW = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU time (children's too) and wall time in seconds of the work alone, and the greatest memory of this process."""

    cpu_seconds: float
    wall_seconds: float
    peak_mib: float
    messages: int

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def measured(work: Callable[[], int]) -> Measured:
    """Run `work`, which returns the number of messages it saw."""
    wall, cpu = time.perf_counter(), _cpu_seconds()
    messages = work()
    cpu, wall = _cpu_seconds() - cpu, time.perf_counter() - wall
    return Measured(cpu, wall, _peak_kib() / 1024, messages)


def _cpu_seconds() -> float:
    """Of this process, and of its children: a large first pass is judged by some."""
    return time.process_time() + children_cpu_seconds()


def children_cpu_seconds() -> float:
    """Of all children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def _peak_kib() -> int:
    """proc(5): VmHWM is this program's own; getrusage's ru_maxrss begins with what its parent had at the fork."""
    status = Path("/proc/self/status").read_text("ascii", "replace")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1])


def _files(maildir: Path) -> Iterator[bytes]:
    with os.scandir(maildir / "new") as entries:
        for entry in entries:
            yield Path(entry.path).read_bytes()


def _each(maildir: Path, act: Callable[[bytes], object]) -> Measured:
    def work() -> int:
        seen = 0
        for raw in _files(maildir):
            act(raw)
            seen += 1
        return seen

    return measured(work)


def read_files(maildir: Path) -> Measured:
    return _each(maildir, len)


def stdlib_headers_compat32(maildir: Path) -> Measured:
    from email.parser import BytesHeaderParser

    return _each(maildir, BytesHeaderParser().parsebytes)


def stdlib_compat32(maildir: Path) -> Measured:
    from email.parser import BytesParser

    return _each(maildir, BytesParser().parsebytes)


def stdlib_default(maildir: Path) -> Measured:
    from email.parser import BytesParser
    from email.policy import default

    return _each(maildir, BytesParser(policy=default).parsebytes)


def stdlib_default_text(maildir: Path) -> Measured:
    """What a program needs to know of a mail at least: five header fields and the text."""
    from email.parser import BytesParser
    from email.policy import default

    parser = BytesParser(policy=default)

    def act(raw: bytes) -> None:
        message = parser.parsebytes(raw)
        for name in ("From", "To", "Subject", "Date", "Message-ID"):
            str(message[name])
        body = message.get_body(("plain", "html"))
        if body is not None:
            body.get_content()

    return _each(maildir, act)


def parse_headers(maildir: Path) -> Measured:
    from mailbot.mail.message import parse_headers

    return _each(maildir, parse_headers)


def parse(maildir: Path) -> Measured:
    from mailbot.mail.message import parse

    return _each(maildir, parse)


def parse_and_decide(maildir: Path) -> Measured:
    from mailbot.mail.message import parse
    from mailbot.policy.decide import decide
    from mailbot.policy.model import Facts
    from mailbot.policy.profile import load_policy

    policy = load_policy("bjurholm")
    facts = Facts(own_domains=frozenset({"bjurholm.example"}), received_at=NOW)
    decide(parse(next(_files(maildir))), facts, policy, NOW)  # compiles what is compiled once
    return _each(maildir, lambda raw: decide(parse(raw), facts, policy, NOW))


def assess(maildir: Path) -> Measured:
    """As `mailbot assess FOLDER` does, without the printing."""
    from mailbot.work.assess import assess_file, ground_rules

    rules = ground_rules(None, "bjurholm", ("bjurholm.example",))

    def work() -> int:
        seen = 0
        with os.scandir(maildir / "new") as entries:
            for entry in entries:
                assess_file(Path(entry.path), rules, NOW)
                seen += 1
        return seen

    return measured(work)


def observing_pass(installation: Path) -> Measured:
    """One complete pass over an installation, from opening the database to closing it."""
    from benchmarks.corpus import AUTHORITY
    from mailbot.config.load import load
    from mailbot.wiring import daemon_installation
    from mailbot.work.passes import one_pass

    config = load(installation / "config.toml")

    def work() -> int:
        with daemon_installation(config) as context:
            report = one_pass(context, NOW)
        troubles = [mailbox.error for mailbox in report.mailboxes if mailbox.error]
        if troubles:
            raise RuntimeError("; ".join(troubles))
        # The operator's own mailbox gets mailbot's digest, which counts as new there.
        return sum(mailbox.new_messages for mailbox in report.mailboxes if mailbox.mailbox == AUTHORITY)

    return measured(work)


MEASURES: dict[str, Callable[[Path], Measured]] = {
    each.__name__: each
    for each in (
        read_files,
        stdlib_headers_compat32,
        stdlib_compat32,
        stdlib_default,
        stdlib_default_text,
        parse_headers,
        parse,
        parse_and_decide,
        assess,
        observing_pass,
    )
}
