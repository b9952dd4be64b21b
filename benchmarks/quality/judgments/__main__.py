"""`python -m benchmarks.quality.judgments`: measure on held-out mail.

With `fit`, first fit the weights anew; with `hands`, measure on the corpus instead, leaving out each hand in turn (some
minutes).
"""

import sys

from benchmarks.quality.judgments import corpus, fit, hands, report
from benchmarks.quality.judgments.measure import judge
from mailbot.policy.profile import load_policy


def main(arguments: list[str]) -> None:
    """Print the report; `fit` and `hands` need the dependency group "quality"."""
    policy = load_policy("bjurholm")
    if "fit" in arguments:
        print(f"fitted on {fit.write()} mails")
    if "hands" in arguments:
        print(report.report(hands.judged_by_others(policy), policy))
    else:
        print(report.report(judge(corpus.load("heldout"), policy), policy))


if __name__ == "__main__":
    main(sys.argv[1:])
