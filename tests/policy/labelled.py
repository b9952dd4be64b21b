"""The labelled mails of `cases/*.toml`, and what mailbot says about them."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from mailbot.mail.message import parse
from mailbot.policy import diary, kind, reading, reply_need, scores, signals
from mailbot.policy.model import Diarise, Facts, Kind, Verdict
from mailbot.policy.profile import Policy, load_policy

CASES = Path(__file__).parent / "cases"
POLICY = load_policy("bjurholm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One mail and what a registrar would say. Mail goes to the authority mailbox unless `to` says otherwise."""

    id: str
    subject: str
    text: str
    sender: str = "Anna Persson <anna.persson@mejl.example>"
    to: str = "kommunen@bjurholm.example"
    cc: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    kind: str
    needs_reply: bool | None
    diarise: str
    #: answers that a registrar could give as well
    or_kind: tuple[str, ...] = ()
    or_needs_reply: tuple[bool, ...] = ()
    or_diarise: tuple[str, ...] = ()

    @property
    def raw(self) -> bytes:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, self.to, self.subject
        if self.cc:
            mail["Cc"] = self.cc
        mail["Date"], mail["Message-ID"] = "Tue, 03 Mar 2026 09:00:00 +0100", f"<{self.id}@mejl.example>"
        for name, value in self.headers.items():
            mail[name] = value
        mail.set_content(self.text)
        for name in self.attachments:
            mail.add_attachment(b"x", maintype="application", subtype="octet-stream", filename=name)
        return mail.as_bytes()

    @property
    def known(self) -> Facts:
        given = {name: frozenset(value) if isinstance(value, list) else value for name, value in self.facts.items()}
        return Facts(
            own_domains=frozenset({"bjurholm.example"}),
            mailbox_addresses=frozenset(
                {"kommunen@bjurholm.example", "postmottak@bjurholm.example"}
                | ({self.to} if self.to.endswith("@bjurholm.example") else set())
            ),
            **given,
        )


@dataclass(frozen=True, slots=True)
class Judged:
    kind: Kind
    needs_reply: bool | None
    diarise: Diarise
    verdicts: tuple[Verdict, ...]


def judged(case: Case, policy: Policy = POLICY) -> Judged:
    facts = case.known
    read = reading.read(parse(case.raw), facts)
    hits = signals.hits(read, policy)
    weighed = scores.weigh(read, facts, hits)
    found, why_kind = kind.judge(read, facts, weighed)
    reply, why_reply = reply_need.judge(read, facts, hits, found)
    proposal, why_diary = diary.judge(
        read, facts, weighed, found, confidential=None, needs_reply=reply, rules=policy.diary
    )
    return Judged(found, reply, proposal, (*why_kind, *why_reply, *why_diary))


def cases(prefix: str) -> Iterator[Case]:
    """Every case of the files whose names begin with `prefix`, in order."""
    known = {item.name for item in fields(Case)}
    for path in sorted(CASES.glob(f"{prefix}*.toml")):
        for table in tomllib.loads(path.read_text("utf-8"))["mail"]:
            values = {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
            if "from" in values:
                values["sender"] = values.pop("from")
            if values["needs_reply"] == "null":
                values["needs_reply"] = None
            assert values.keys() <= known, (path.name, values["id"], values.keys() - known)
            yield Case(**values)


@dataclass(frozen=True, slots=True)
class Tally:
    """How often the answers were among those that a registrar could give."""

    mails: int
    kind: float
    needs_reply: float
    diarise: float
    asked: float
    #: mails that must be registered and got a silent `no`: ids
    silently_lost: tuple[str, ...]


def tally(prefix: str, policy: Policy = POLICY) -> Tally:
    pairs = [(case, judged(case, policy)) for case in cases(prefix)]
    return Tally(
        len(pairs),
        sum(right_kind(*pair) for pair in pairs) / len(pairs),
        sum(right_reply(*pair) for pair in pairs) / len(pairs),
        sum(right_diary(*pair) for pair in pairs) / len(pairs),
        sum(answer.diarise is Diarise.ASK for _, answer in pairs) / len(pairs),
        tuple(case.id for case, answer in pairs if case.diarise == "yes" and answer.diarise is Diarise.NO),
    )


def right_kind(case: Case, answer: Judged) -> bool:
    return answer.kind in (case.kind, *case.or_kind)


def right_reply(case: Case, answer: Judged) -> bool:
    return answer.needs_reply in (case.needs_reply, *case.or_needs_reply)


def right_diary(case: Case, answer: Judged) -> bool:
    return answer.diarise in (case.diarise, *case.or_diarise)
