"""Judging mail files by the same rules as the daemon, with nothing stored and nothing sent."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from mailbot.config.model import Config
from mailbot.log import get_logger
from mailbot.mail.message import Message, UnparsableMessage, parse
from mailbot.mail.received import arrival_time
from mailbot.policy.decide import decide, unparsable_decision
from mailbot.policy.model import AttachedText, Decision, Direction, Facts, Stage, Verdict
from mailbot.policy.profile import Policy, load_policy
from mailbot.policy.reading import is_private_domain
from mailbot.work.attachment_texts import attachment_texts
from mailbot.work.own_signature import organisation_lines

log = get_logger(__name__)

DEFAULT_PROFILE = "bjurholm"
#: stands in the domains of Swedish and Norwegian municipalities that are named so ("kommune" too)
_MUNICIPALITY = "kommun"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundRules:
    """The rules and what is known about the organisation."""

    policy: Policy
    zone: ZoneInfo
    facts: Facts
    mail_hosts: frozenset[str]
    #: what stands in every official signature
    own_signature_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What would be decided about one file; `message` is None when its bytes could not be read."""

    path: Path
    message: Message | None
    decision: Decision
    #: the text of its attachments, where a rule asked for it
    attached: tuple[AttachedText, ...] = ()
    #: why the bytes could not be read, without quoting them
    unparsable: str | None = None

    def excerpt(self, verdict: Verdict) -> str | None:
        """The words a rule found its reason in (why a file could not be read), or None when it points at none."""
        if self.message is None or verdict.evidence is None:
            return self.unparsable
        evidence = verdict.evidence
        if evidence.field == "text":
            text = self.message.body.text if self.message.body else ""
        elif evidence.field == "subject":
            text = self.message.subject
        elif evidence.field.startswith("header:"):
            text = self.message.headers.get(evidence.field.removeprefix("header:")) or ""
        elif evidence.field.startswith("attachment:"):
            number = int(evidence.field.removeprefix("attachment:"))
            text = next((one.text for one in self.attached if one.number == number), "")
        elif evidence.field.startswith("attachment_name:") and self.message.body:
            text = self.message.body.attachments[int(evidence.field.removeprefix("attachment_name:"))].filename or ""
        else:
            return None
        return text[evidence.start : evidence.end]


def ground_rules(config: Config | None, profile: str | None, own_domains: tuple[str, ...]) -> GroundRules:
    """From the configuration, or without one from a shipped profile. UserError for an unknown profile."""
    if config is None:
        policy = load_policy(profile or DEFAULT_PROFILE)
        facts = Facts(own_domains=frozenset(domain.lower() for domain in own_domains))
        return GroundRules(policy=policy, zone=ZoneInfo(policy.timezone), facts=facts, mail_hosts=frozenset())
    organisation = config.organisation
    facts = Facts(
        own_domains=frozenset(domain.lower() for domain in (*organisation.domains, *own_domains)),
        own_addresses=frozenset(mailbox.address.lower() for mailbox in config.mailboxes),
        web_form_senders=frozenset(form.from_.lower() for form in config.web_forms),
        diary_patterns={unit.id: unit.diary_pattern for unit in config.units if unit.diary_pattern},
    )
    hosts = frozenset(host.lower() for host in organisation.mail_hosts)
    policy = load_policy(profile) if profile else config.policy
    return GroundRules(
        policy=policy,
        zone=config.zone,
        facts=facts,
        mail_hosts=hosts,
        own_signature_lines=organisation_lines(organisation),
    )


def assess_file(path: Path, rules: GroundRules, now: datetime) -> Assessment:
    """Never raises for what is in the file; a file that can't be read or parsed is assessed as unparsable."""
    try:
        raw = path.read_bytes()
        message = parse(raw, own_signature_lines=rules.own_signature_lines)
    except OSError as error:
        return _unparsable(path, f"the file cannot be read ({type(error).__name__})")
    except UnparsableMessage as error:
        return _unparsable(path, str(error))
    try:
        decision, attached = _decide(raw, message, rules, now)
        return Assessment(path=path, message=message, decision=decision, attached=attached)
    except Exception as error:  # a defect of ours must not cost the other messages their line
        log.exception("message_not_judged", path=str(path))
        return _unparsable(path, f"judging it failed ({type(error).__name__})")


def _unparsable(path: Path, reason: str) -> Assessment:
    return Assessment(path=path, message=None, decision=unparsable_decision(), unparsable=reason)


def _decide(
    raw: bytes, message: Message, rules: GroundRules, now: datetime
) -> tuple[Decision, tuple[AttachedText, ...]]:
    received_at = arrival_time(message.headers, own_hosts=rules.mail_hosts, internal_date=None, now=now)
    own = rules.facts.own_domains or guessed_own_domains(message, rules.policy.name)
    facts = replace(rules.facts, received_at=received_at, own_domains=own, direction=_direction(message, own))
    decision = decide(message, facts, rules.policy, now)
    if decision.needs is Stage.ATTACHMENTS:
        facts = replace(facts, attached=attachment_texts(raw, message))
        decision = decide(message, facts, rules.policy, now)
    return decision, facts.attached or ()


def guessed_own_domains(message: Message, profile: str) -> frozenset[str]:
    """The author's domain where it is probably ours, though nobody has said which domains are: for trying a mail out.

    It is when a colleague is written to, when it is named after the municipality whose rules are tried, and when a
    municipality writes to people outside any.
    """
    author = message.author
    domain = author.domain
    if not domain or is_private_domain(domain):
        return frozenset()
    others = [one for one in message.recipients if one.email != author.email]
    colleague = any(one.domain == domain for one in others)
    named = profile in domain
    writes_out = _MUNICIPALITY in domain and bool(others) and not any(_MUNICIPALITY in one.domain for one in others)
    return frozenset({domain}) if colleague or named or writes_out else frozenset()


def _direction(message: Message, own_domains: frozenset[str]) -> Direction:
    """Without a mailbox to look at, the addresses tell: ours to others is outgoing, ours to ours internal."""
    if message.author.domain not in own_domains:
        return "incoming"
    outside = [one for one in message.recipients if one.domain not in own_domains]
    return "outgoing" if outside else "internal"
