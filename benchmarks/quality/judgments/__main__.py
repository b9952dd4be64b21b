"""`python -m benchmarks.quality.judgments`: measure on held-out mail; with `fit`, first fit the weights anew."""

import sys

from benchmarks.quality.judgments import corpus, fit, report
from mailbot.policy.profile import load_policy


def main(arguments: list[str]) -> None:
    """Print the report; `fit` needs the dependency group "quality"."""
    if "fit" in arguments:
        print(f"fitted on {fit.write()} mails")
    print(report.report(corpus.load("heldout"), load_policy("bjurholm")))


if __name__ == "__main__":
    main(sys.argv[1:])
