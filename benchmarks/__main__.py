"""`python -m benchmarks`: measure, print the table, write it into docs/performance.md."""

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks import report, runner
from benchmarks.measures import MEASURES


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000, help="size of the larger run (default: 10,000)")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each measure; the median counts (default: 3)")
    parser.add_argument("--dry", action="store_true", help="print only, leave docs/performance.md alone")
    parser.add_argument("--measure", choices=MEASURES, help=argparse.SUPPRESS)
    parser.add_argument("--on", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(MEASURES[options.measure](options.on).as_dict()))
        return
    with tempfile.TemporaryDirectory(prefix="mailbot-bench-") as folder:
        results = runner.run(Path(folder), options.messages, options.repeat)
    table = report.table(results)
    print(table)
    if not options.dry:
        report.write(table, Path(__file__).parent.parent / "docs" / "performance.md")


main()
