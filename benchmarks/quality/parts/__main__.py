"""Measures mailbot, and side by side every library that is installed; `--wrong HALF` lists what mailbot got wrong."""

import argparse
from collections.abc import Callable, Mapping, Sequence

from benchmarks.quality.parts import tools
from benchmarks.quality.parts.corpus import HALVES, mails
from benchmarks.quality.parts.measure import Result, middle, run, share

#: heading -> which mails, and what is counted
COLUMNS: Mapping[str, tuple[Callable[[Result], bool], Callable[[Result], bool]]] = {
    "Nordic text": (
        lambda r: r.mail.has_quotation and r.mail.group == "nordic" and r.mail.form == "text",
        lambda r: r.unquoted_right,
    ),
    "Nordic HTML": (lambda r: r.mail.group == "nordic" and r.mail.form == "html", lambda r: r.unquoted_right),
    "English office": (lambda r: r.mail.has_quotation and r.mail.group == "english", lambda r: r.unquoted_right),
    "lists": (lambda r: r.mail.has_quotation and r.mail.group == "lists", lambda r: r.unquoted_right),
    "other": (lambda r: r.mail.has_quotation and r.mail.group == "other", lambda r: r.unquoted_right),
    "left intact": (lambda r: not r.mail.has_quotation, lambda r: r.unquoted_right),
    "new, Nordic": (lambda r: r.mail.group == "nordic", lambda r: r.new_right),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=HALVES, help="only this half (default: both, apart)")
    parser.add_argument("--wrong", action="store_true", help="list what mailbot got wrong in `corpus`")
    arguments = parser.parse_args()
    if arguments.wrong:
        _list_wrong()
        return
    for half in (arguments.half,) if arguments.half else HALVES:
        labelled = mails(half)
        print(f"\n{half}: {len(labelled)} mails\n")
        print(f"| tool | {' | '.join(COLUMNS)} | ms text | ms HTML |")
        print("|" + "---|" * (len(COLUMNS) + 3))
        for name, tool in tools.available().items():
            print(_row(name, run(tool, labelled)))


def _row(name: str, results: Sequence[Result]) -> str:
    cells = [share([r for r in results if chosen(r)], right) for chosen, right in COLUMNS.values()]
    times = [middle([r for r in results if r.mail.form == form]) for form in ("text", "html")]
    shown = ["-" if cell is None else f"{cell:.1f}" for cell in cells]
    return f"| {name} | {' | '.join(shown)} | {' | '.join(f'{time:.2f}' for time in times if time is not None)} |"


def _list_wrong() -> None:
    """Only of the half that may be looked at."""
    for result in run(tools.mailbot, mails("corpus")):
        if result.unquoted_exact and result.new_right:
            continue
        what = "signature" if result.unquoted_exact else "quotation"
        print(f"--- {result.mail.id}: {what}\n{result.mail.content}\n=== new\n{result.answer.new[0]}\n")


if __name__ == "__main__":
    main()
