"""`python -m benchmarks imap`: passes over a real Dovecot, as ratios to the least client in the same run.

Starts the Dovecot that the tests use, so it needs root and the packages that the tests name.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks import corpus
from benchmarks.installation import write
from benchmarks.measures import Measured, children_cpu_seconds
from tests.servers.certificates import Authority
from tests.servers.dovecot import PASSWORD, Dovecot

BEGIN = "<!-- written by `python -m benchmarks imap` -->"
DELAY_MS = 10
MAILBOXES = 200
_HUGE_MESSAGES, _HUGE_OCTETS = 20, 40_000_000

_SERVER = """
[servers.post]
kind = "imap"
host = "127.0.0.1"
port = {port}
tls = "none"
secret = "post"
keep_connections = 300
smtp = {{ host = "127.0.0.1", port = 9, tls = "none" }}
"""


class Bench:
    """One server, and installations that read from it."""

    def __init__(self, folder: Path, repeat: int) -> None:
        self._folder, self._repeat = folder, repeat
        self.dovecot = Dovecot(folder / "d", Authority(folder / "tls"))
        self.dovecot.start()
        self._installations = 0

    # --- what lies on the server ---

    def mailbox(self, address: str, count: int, *, start: int = 0) -> Path:
        """A mailbox with generated mail, and its index made, as on a server in use."""
        home = self.dovecot.home(self.dovecot.add_account(address))
        corpus.write_maildir(home / "Maildir", count, start=start)
        self._hand_over(home)
        self.dovecot.doveadm("index", "-u", address, "INBOX")
        return home / "Maildir"

    def huge(self, address: str) -> None:
        """Twenty messages with an attachment of forty megabytes each."""
        home = self.dovecot.home(self.dovecot.add_account(address))
        folder = home / "Maildir" / "new"
        for name in ("tmp", "new", "cur"):
            (home / "Maildir" / name).mkdir(parents=True)
        line = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\r\n"
        for number in range(_HUGE_MESSAGES):
            head = (
                f"From: bo@medborgare.example\r\nTo: {address}\r\nSubject: Ritningar {number}\r\n"
                f"Message-ID: <huge{number}@medborgare.example>\r\nDate: Mon, 05 Oct 2026 08:{number:02}:00 +0200\r\n"
                'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
                "Content-Type: text/plain\r\n\r\nHej! Kan ni titta?\r\n--b\r\nContent-Type: application/pdf\r\n"
                'Content-Disposition: attachment; filename="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
            ).encode()
            file = folder / f"1791180{number:03}.M1P1.post"
            file.write_bytes(head + line * (_HUGE_OCTETS // len(line)) + b"--b--\r\n")
        self._hand_over(home)
        self.dovecot.doveadm("index", "-u", address, "INBOX")

    def _hand_over(self, home: Path) -> None:
        mail = (self._folder / "d" / "mail").stat()
        for path in (home.parent, home, *home.rglob("*")):
            os.chown(path, mail.st_uid, mail.st_gid)

    # --- installations ---

    @contextmanager
    def installation(self, role: str, addresses: list[str], *, port: int = 0) -> Iterator[Path]:
        self._installations += 1
        root = self._folder / f"i{self._installations}"
        server = _SERVER.format(port=port or self.dovecot.ports["imap"])
        write(root, server, dict.fromkeys(addresses, role), start_from="2026-08-01", secrets={"post": PASSWORD})
        try:
            yield root
        finally:
            shutil.rmtree(root)

    @contextmanager
    def delayed(self) -> Iterator[int]:
        """A port from which the server answers later."""
        command = [sys.executable, "-m", "benchmarks.delay", str(self.dovecot.ports["imap"]), str(DELAY_MS)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
            assert proxy.stdout is not None
            try:
                yield int(proxy.stdout.readline())
            finally:
                proxy.kill()

    # --- measuring ---

    def measure(self, name: str, on: Path) -> Measured:
        command = [sys.executable, "-m", "benchmarks", "--measure", name, "--on", str(on)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"measuring {name} failed:\n{done.stderr}")
        return Measured(**json.loads(done.stdout.splitlines()[-1]))

    def median(self, run: Callable[[], Measured]) -> Measured:
        results = [run() for _ in range(self._repeat)]
        return Measured(
            median(result.cpu_seconds for result in results),
            median(result.wall_seconds for result in results),
            max(result.peak_mib for result in results),
            results[0].messages,
        )

    def first_pass(self, role: str, address: str, expected: int) -> Measured:
        def run() -> Measured:
            with self.installation(role, [address]) as root:
                return _expect(expected, self.measure("imap_pass", root))

        return self.median(run)


def _expect(messages: int, result: Measured) -> Measured:
    if result.messages != messages:
        raise RuntimeError(f"the pass saw {result.messages} new messages instead of {messages}")
    return result


def run(large: int, repeat: int) -> str:
    """The table for docs/performance.md; `large` messages and a tenth of them."""
    with tempfile.TemporaryDirectory(prefix="mbb") as name:
        folder = Path(name)
        folder.chmod(0o755)
        bench = Bench(folder, repeat)
        try:
            return _table(bench, large)
        finally:
            bench.dovecot.stop()


def _table(bench: Bench, large: int) -> str:
    small = large // 10
    bench.dovecot.add_account("mailbot@bjurholm.example")
    boxes = {size: f"box{size}@bjurholm.example" for size in (small, large)}
    folders = {size: bench.mailbox(address, size) for size, address in boxes.items()}
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, Dovecot 2.3 on the loopback interface without TLS, "
        f"{os.cpu_count()} shared cores, {large:,} messages. Wall-clock seconds; the drain fetches all messages whole "
        "and throws them away.",
        "",
        f"| what | x the drain | s | CPU s | peak MiB at {small:,} / {large:,} |",
        "|---|---:|---:|---:|---:|",
    ]
    with bench.installation("personal", [boxes[large]]) as root:
        _progress("the drain")
        drain = bench.median(lambda: bench.measure("imap_drain", root))
        lines.append(_row("**the drain**", drain, drain))
        headers = bench.median(lambda: bench.measure("imap_drain_headers", root))
        lines.append(_row("draining header blocks and structures", headers, drain))
        fetched = bench.median(lambda: _expect(large, bench.measure("imap_fetch", root)))
        lines.append(_row("mailbot's IMAP alone: list all, fetch all header blocks", fetched, drain))
        lines += _rivals(folders[large], drain)
    for title, role in (("header fields only", "personal"), ("read in full", "authority")):
        _progress(f"first pass, {title}")
        peak = bench.first_pass(role, boxes[small], small).peak_mib
        first = bench.first_pass(role, boxes[large], large)
        lines.append(_row(f"**first observing pass, {title}**", first, drain, peak))
    lines += ["", *_incremental(bench, boxes, folders), *_delay(bench, boxes[large]), *_poll_round(bench)]
    return "\n".join([*lines, *_huge(bench)])


def _row(title: str, result: Measured, drain: Measured, small_peak: float | None = None) -> str:
    peaks = "" if small_peak is None else f"{small_peak:.0f} / {result.peak_mib:.0f}"
    ratio = result.wall_seconds / drain.wall_seconds
    return f"| {title} | {ratio:.1f} | {result.wall_seconds:.2f} | {result.cpu_seconds:.2f} | {peaks} |"


def _rivals(maildir: Path, drain: Measured) -> list[str]:
    """notmuch and afew over the same mail, where they are installed (they read files: no server is between)."""
    if not (shutil.which("notmuch") and shutil.which("afew")):
        return []
    _progress("notmuch new, afew")
    home = Path(tempfile.mkdtemp(prefix="mbn"))
    try:
        (home / "mail").mkdir()
        shutil.copytree(maildir, home / "mail" / "box", ignore=shutil.ignore_patterns("dovecot*"))
        (home / "notmuch.conf").write_text(
            f"[database]\npath={home}/mail\n[user]\nname=x\nprimary_email=x@bjurholm.example\n[new]\ntags=new;\n"
        )
        (home / "afew").mkdir()
        (home / "afew" / "config").write_text(
            "[Filter.1]\nquery = subject:bygglov\ntags = +bygglov\n"
            "[Filter.2]\nquery = from:bo\ntags = +bo\n[InboxFilter]\n"
        )
        environment = {**os.environ, "HOME": str(home), "NOTMUCH_CONFIG": f"{home}/notmuch.conf", "LC_ALL": "C.UTF-8"}
        environment["XDG_CONFIG_HOME"] = str(home)
        measured = [_timed(["notmuch", "new", "--quiet"], environment), _timed(["afew", "--tag", "--new"], environment)]
    finally:
        shutil.rmtree(home, ignore_errors=True)
    titles = ("`notmuch new` over the same files", "`afew` after it, three filters")
    return [
        f"| {title} | {seconds / drain.wall_seconds:.1f} | {seconds:.2f} | {cpu:.2f} | |"
        for title, (seconds, cpu) in zip(titles, measured, strict=True)
    ]


def _timed(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds of the wall clock, and of CPU."""
    before, cpu = time.perf_counter(), children_cpu_seconds()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - before, children_cpu_seconds() - cpu


def _incremental(bench: Bench, boxes: dict[int, str], folders: dict[int, Path]) -> list[str]:
    """A further pass with nothing and with ten new, and the same over a tenth of the mail."""
    found: dict[str, list[float]] = {}
    for size, address in boxes.items():
        _progress(f"second and third pass over {size}")
        with bench.installation("personal", [address]) as root:
            bench.measure("imap_pass", root)
            quiet = bench.median(lambda: _expect(0, bench.measure("imap_pass", root)))
            found.setdefault("nothing new", []).append(quiet.wall_seconds)
            seconds = []
            for number in range(3):
                _deliver(folders[size], 10, start=1_000_000 + number * 10)
                seconds.append(_expect(10, bench.measure("imap_pass", root)).wall_seconds)
            found.setdefault("10 new", []).append(median(seconds))
    small, large = boxes
    return [
        f"A further pass, with logins and opening the database: {name} {pair[0]:.2f} s over {small:,} messages, "
        f"{pair[1]:.2f} s over {large:,} ({pair[1] / pair[0]:.2f} x)."
        for name, pair in found.items()
    ]


def _deliver(maildir: Path, count: int, *, start: int) -> None:
    owner = maildir.stat()
    for number, (arrived_at, raw) in enumerate(corpus.messages(count, start=start), start):
        file = maildir / "tmp" / f"{int(arrived_at.timestamp())}.M{number}P1.post"
        file.write_bytes(raw)
        os.utime(file, (1_793_000_000, 1_793_000_000))
        os.chown(file, owner.st_uid, owner.st_gid)
        file.rename(maildir / "new" / file.name)


def _delay(bench: Bench, address: str) -> list[str]:
    _progress(f"{DELAY_MS} ms away")
    seconds = []
    with bench.delayed() as port:
        for each in (0, port):
            with bench.installation("personal", [address], port=each) as root:
                seconds.append(bench.measure("imap_pass", root).wall_seconds)
    return [
        f"With a round trip of {DELAY_MS} ms the first pass, header fields only, takes {seconds[1]:.2f} s in place of "
        f"{seconds[0]:.2f} s ({seconds[1] / seconds[0]:.2f} x)."
    ]


def _poll_round(bench: Bench) -> list[str]:
    _progress(f"a round over {MAILBOXES} mailboxes")
    addresses = [f"p{number}@bjurholm.example" for number in range(MAILBOXES)]
    for address in addresses:
        bench.mailbox(address, 3)
    with bench.installation("personal", addresses) as root:
        bare = bench.median(lambda: bench.measure("imap_round_bare", root))
        ours = bench.median(lambda: bench.measure("imap_round", root))
    return [
        f"A pass over {MAILBOXES} idle mailboxes on kept connections: {ours.wall_seconds:.2f} s; a bare client that "
        f"asks the same, one by one: {bare.wall_seconds:.2f} s ({ours.wall_seconds / bare.wall_seconds:.1f} x); "
        f"{ours.peak_mib:.0f} MiB with {MAILBOXES} connections open."
    ]


def _huge(bench: Bench) -> list[str]:
    _progress("huge attachments")
    bench.huge("huge@bjurholm.example")
    with bench.installation("authority", ["huge@bjurholm.example"]) as root:
        result = _expect(_HUGE_MESSAGES, bench.measure("imap_pass", root))
    return [
        f"Twenty messages with attachments of 40 MB, read in full: {result.wall_seconds:.2f} s, "
        f"{result.peak_mib:.0f} MiB at most."
    ]


def _progress(what: str) -> None:
    print(f"measuring: {what}", file=sys.stderr, flush=True)
