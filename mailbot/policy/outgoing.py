"""Must what we sent be registered? (Bjurholm p. 6, "Inkommande eller utgående handlingar ... som kräver handläggning")

Decisions, consultation answers and mail in a registered case must. A short answer to a simple question need not. What
else leaves the house is asked about.
"""

from mailbot.policy.model import Diarise, Facts, Verdict
from mailbot.policy.profile import DiaryRules
from mailbot.policy.reading import Reading, is_own

#: an answer that takes more words was hardly given "utan egentlig handläggning"
_SIMPLE_WORDS = 120


def judge(
    reading: Reading, facts: Facts, rules: DiaryRules, weighed: tuple[Verdict, ...]
) -> tuple[Diarise, tuple[Verdict, ...]]:
    """The proposal for a sent message; `weighed` are the verdicts of the diary rules on its words."""
    must = max((verdict.points for verdict in weighed if verdict.rule.startswith("diary.must.")), default=0.0)
    if must >= rules.established:
        return Diarise.YES, weighed
    if must >= rules.suspected:
        return Diarise.ASK, weighed
    if _is_simple_answer(reading) and not facts.conversation_diary_number:
        return Diarise.NO, (Verdict("diary.need_not.outgoing.simple_answer", rules.established), *weighed)
    if _stays_inside(reading, facts) and not reading.has_attachments:
        return Diarise.NO, (Verdict("diary.need_not.outgoing.internal", rules.established), *weighed)
    return Diarise.ASK, (Verdict("diary.ask.outgoing"), *weighed)


def _is_simple_answer(reading: Reading) -> bool:
    answers = bool(reading.message.in_reply_to or reading.message.references) and reading.is_reply
    return answers and not reading.has_attachments and 0 < len(reading.new.split()) <= _SIMPLE_WORDS


def _stays_inside(reading: Reading, facts: Facts) -> bool:
    """Every recipient is ours: the copy that arrives is judged for the unit that receives it."""
    recipients = reading.message.recipients
    return bool(recipients) and all(is_own(address.email, facts) for address in recipients)
