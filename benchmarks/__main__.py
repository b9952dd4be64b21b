"""`python -m benchmarks`: measure, print the table, write it into docs/performance.md."""

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.imap_measures import MEASURES as IMAP_MEASURES
from benchmarks.measures import MEASURES as FILE_MEASURES

MEASURES = FILE_MEASURES | IMAP_MEASURES
_PAGE = Path(__file__).parent.parent / "docs" / "performance.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "what", nargs="?", choices=("files", "imap"), default="files", help="mail in files, or on a Dovecot of its own"
    )
    parser.add_argument("--messages", type=int, default=10_000, help="size of the larger run (default: 10,000)")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each measure; the median counts (default: 3)")
    parser.add_argument("--dry", action="store_true", help="print only, leave docs/performance.md alone")
    parser.add_argument("--measure", choices=MEASURES, help=argparse.SUPPRESS)
    parser.add_argument("--on", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(MEASURES[options.measure](options.on).as_dict()))
        return
    # only here: what a measured process does not use would count as its memory
    from benchmarks import report, runner

    _compile()
    if options.what == "imap":
        from benchmarks import imap

        table, begin = imap.run(options.messages, options.repeat), imap.BEGIN
    else:
        with tempfile.TemporaryDirectory(prefix="mailbot-bench-") as folder:
            results = runner.run(Path(folder), options.messages, options.repeat)
        table, begin = report.table(results), report.BEGIN
    print(table)
    if not options.dry:
        report.write(table, _PAGE, begin)


def _compile() -> None:
    """As pip does when it installs: where nobody may write bytecode, every measured process would begin with it."""
    import compileall

    import mailbot

    for package in (Path(mailbot.__file__).parent, Path(__file__).parent):
        compileall.compile_dir(package, quiet=1)


main()
