"""The words and sender names of signals/automatic.toml, compiled once."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from mailbot.once import once
from mailbot.policy.phrases import Phrases, compile_phrases


@dataclass(frozen=True, slots=True)
class LocalParts:
    """Local parts of addresses: whole, by their beginning or by their ending."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]
    endings: tuple[str, ...]

    def holds(self, email: str) -> bool:
        """Whether the local part of `email` (lower case) is one of these; a bare name without a domain counts."""
        local = email.rpartition("@")[0] or email
        return local in self.whole or local.startswith(self.beginnings) or local.endswith(self.endings)


@dataclass(frozen=True, slots=True)
class AutomaticWords:
    """Compiled lists; the data file says what each is for."""

    subject_beginnings: tuple[str, ...]
    subject_phrases: Phrases[str]
    body_phrases: Phrases[str]
    bounce_phrases: Phrases[str]
    unsubscribe_phrases: Phrases[str]
    no_answer_phrases: Phrases[str]
    unread_senders: LocalParts
    mail_systems: LocalParts
    programs: LocalParts

    def subject_beginning(self, subject: str) -> int:
        """The length of the program's words at the start of a subject, 0 when a person may have written it."""
        lowered = subject[:200].lower()
        if not lowered.startswith(self.subject_beginnings):
            return 0
        for beginning in self.subject_beginnings:
            rest = lowered[len(beginning) :].lstrip()
            if lowered.startswith(beginning) and (not rest or rest[0] in ":-–"):
                return len(beginning)
        return 0


@once
def automatic_words() -> AutomaticWords:
    """The shipped lists."""
    text = resources.files("mailbot.policy").joinpath("signals/automatic.toml").read_text(encoding="utf-8")
    table: dict[str, list[str]] = tomllib.loads(text)
    return AutomaticWords(
        # The longest first, so that "out of office autoreply" is not read as "out of office".
        subject_beginnings=tuple(sorted(table["subject_beginnings"], key=len, reverse=True)),
        subject_phrases=_phrases(table["subject_phrases"]),
        body_phrases=_phrases(table["body_phrases"]),
        bounce_phrases=_phrases(table["bounce_phrases"]),
        unsubscribe_phrases=_phrases(table["unsubscribe_phrases"]),
        no_answer_phrases=_phrases(table["no_answer_phrases"]),
        unread_senders=_local_parts(table["unread_senders"]),
        mail_systems=_local_parts(table["mail_systems"]),
        programs=_local_parts(table["programs"]),
    )


def _phrases(listed: Sequence[str]) -> Phrases[str]:
    return compile_phrases({phrase: phrase for phrase in listed})


def _local_parts(listed: Sequence[str]) -> LocalParts:
    return LocalParts(
        whole=frozenset(name for name in listed if "*" not in name),
        beginnings=tuple(name[:-1] for name in listed if name.endswith("*")),
        endings=tuple(name[1:] for name in listed if name.startswith("*")),
    )
