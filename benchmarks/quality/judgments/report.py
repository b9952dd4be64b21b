"""The report on judgments: shares, confusion, the bound on the worst error, every error, and the time it takes."""

from collections.abc import Iterator, Sequence
from statistics import median
from time import perf_counter

from benchmarks.quality.judgments.corpus import Mail
from benchmarks.quality.judgments.measure import NOW, Judged, ask_rate, confusion, share, upper_bound
from mailbot.policy.decide import decide
from mailbot.policy.profile import Policy

_QUESTIONS = ("kind", "reply", "diary", "secrecy")


def report(judged: Sequence[Judged], policy: Policy) -> str:
    """Everything, as Markdown."""
    parts = (
        _shares(judged),
        _worst(judged),
        _confusion(judged),
        _secrecy(judged),
        _time([one.mail for one in judged], policy),
        _errors(judged),
    )
    return "\n\n".join("\n".join(part) for part in parts)


def _shares(judged: Sequence[Judged]) -> Iterator[str]:
    yield "| mails | number | kind right | needs_reply right | diary right | asked |"
    yield "|---|---|---|---|---|---|"
    languages, hands = ({one.mail.language for one in judged}, {one.mail.hand for one in judged})
    for row in (*sorted(languages), *sorted(hands), "all"):
        some = [one for one in judged if row in (one.mail.language, one.mail.hand, "all")]
        figures = " | ".join(f"{share(some, f'{question}_right'):.0f} %" for question in _QUESTIONS[:3])
        yield f"| {row} | {len(some)} | {figures} | {ask_rate(some):.0f} % |"


def _worst(judged: Sequence[Judged]) -> Iterator[str]:
    must = [one for one in judged if one.mail.diarise == "yes"]
    lost = [one for one in must if one.lost]
    bound = upper_bound(len(lost), len(must))
    yield f"Silently lost: {len(lost)} of {len(must)} that must be registered; one-sided 95 % bound {bound:.1f} %."


def _confusion(judged: Sequence[Judged]) -> Iterator[str]:
    counts = confusion(judged)
    answers = ("yes", "ask", "no")
    yield "| a registrar says | mailbot says yes | asks | says no |"
    yield "|---|---|---|---|"
    for wanted in answers:
        yield f"| {wanted} | " + " | ".join(str(counts[wanted, given]) for given in answers) + " |"


def _secrecy(judged: Sequence[Judged]) -> Iterator[str]:
    secret = [one for one in judged if one.mail.confidential]
    open_mail = [one for one in judged if not one.mail.confidential]
    found = sum(one.secrecy_right for one in secret)
    false = sum(not one.secrecy_right for one in open_mail)
    yield f"Confidential: {found} of {len(secret)} found, {false} of {len(open_mail)} others taken for it."


def _time(mails: Sequence[Mail], policy: Policy) -> Iterator[str]:
    times = []
    for mail in mails:
        message, facts = mail.message, mail.facts
        began = perf_counter()
        decide(message, facts, policy, NOW)
        times.append(1000 * (perf_counter() - began))
    yield f"Deciding takes {median(times):.2f} ms per mail (median)."


def _errors(judged: Sequence[Judged]) -> Iterator[str]:
    yield "Every error (wanted -> given):"
    for one in judged:
        mail, decision = one.mail, one.decision
        wrong = [
            f"{question} {wanted} -> {given}"
            for question, wanted, given in (
                ("kind", mail.kind, decision.kind),
                ("reply", mail.needs_reply, decision.needs_reply),
                ("diary", mail.diarise, decision.diarise),
                ("secrecy", mail.confidential, decision.confidential),
            )
            if not getattr(one, f"{question}_right")
        ]
        if wrong:
            yield f"- {mail.id}: {'; '.join(wrong)}"
