"""One sent mail against the rules for its opening and its ending, and what a person's signature looks like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailbot.config.model import Config, Organisation, PersonSettings
from mailbot.errors import UserError
from mailbot.mail.message import Message, UnparsableMessage, parse
from mailbot.policy import secrecy
from mailbot.policy.greeting import Greeting, greeting
from mailbot.policy.model import Facts
from mailbot.policy.profile import Policy, load_policy
from mailbot.policy.reading import Reading, read
from mailbot.policy.signature import Comparison, Field, Line, State, compare, is_visible, mended, official
from mailbot.render.templates import Rendered, Templates
from mailbot.work.own_signature import organisation_lines

DEFAULT_PROFILE = "bjurholm"
#: the better of two comparisons, where a mail may be written in the organisation's or in the reader's language
_PREFERENCE: Sequence[State] = ("right", "wrong_order", "outdated", "foreign", "missing")


@dataclass(frozen=True, slots=True)
class Problem:
    """`rule` is a fixed name such as "signature.outdated.phone"; `expected` and `found` are lines, None where none."""

    rule: str
    expected: str | None = None
    found: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureReport:
    """What was found in one mail; `mended` is the ending as it should stand, None when nothing is wrong with it."""

    greeting: Greeting
    signature: State
    organisation_visible: bool
    problems: tuple[Problem, ...]
    mended: str | None


@dataclass(frozen=True, slots=True)
class _Rules:
    """The organisation's texts and rules; `complete` is False when only a profile is known."""

    policy: Policy
    templates: Templates
    organisation: Organisation
    own_domains: frozenset[str]
    complete: bool


def signature_of(config: Config, person: PersonSettings) -> Rendered:
    """A person's official signature, in the person's language."""
    rules = _rules(config, None, ())
    return rules.templates.render("signature", _language(rules, person), **_values(rules, person))


def check_file(
    path: Path,
    *,
    config: Config | None,
    profile: str | None,
    own_domains: Sequence[str],
    person: PersonSettings | None,
) -> SignatureReport:
    """The mail in `path`, sent by `person` (None: whoever its From field names).

    UserError when it cannot be read as mail, or when From names nobody in the directory.
    """
    rules = _rules(config, profile, own_domains)
    message = _read_message(path, rules)
    writer = person or _writer(message, config)
    wordings = _wordings(rules, writer, message)
    reading = read(message, Facts(own_domains=rules.own_domains))
    signature = message.body.joined("signature") if message.body else ""
    expected, comparison = _best(signature, wordings, rules)
    new = message.body.joined("new") if message.body else ""
    visible = is_visible(rules.organisation.name, new, signature)
    return SignatureReport(
        greeting=greeting(new),
        signature=comparison.state,
        organisation_visible=visible,
        problems=tuple(_problems(greeting(new), comparison, visible, _secrecy(reading, rules.policy))),
        mended=None if comparison.state == "right" else mended(signature, expected, complete=rules.complete),
    )


def _rules(config: Config | None, profile: str | None, own_domains: Sequence[str]) -> _Rules:
    domains = frozenset(domain.lower() for domain in own_domains)
    if config is None:
        policy = load_policy(profile or DEFAULT_PROFILE)
        organisation = Organisation(name=policy.title, domains=tuple(domains))
        return _Rules(policy, Templates(None, policy.language), organisation, domains, complete=False)
    policy = load_policy(profile) if profile else config.policy
    folder = config.paths.templates
    templates = Templates(Path(folder) if folder else None, policy.language)
    domains |= {domain.lower() for domain in config.organisation.domains}
    return _Rules(policy, templates, config.organisation, domains, complete=True)


def _read_message(path: Path, rules: _Rules) -> Message:
    own_lines = organisation_lines(rules.organisation)
    try:
        return parse(path.read_bytes(), own_signature_lines=own_lines)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; name a mail file (.eml)") from None
    except UnparsableMessage as error:
        raise UserError(f"{path} is no mail message ({error}); save the mail as .eml and name that file") from None


def _writer(message: Message, config: Config | None) -> PersonSettings:
    author = message.author
    known = config.person_by_address(author.email) if config is not None else None
    if known is not None:
        return known
    if config is not None:
        raise UserError(
            f"nobody in {config.paths.people} has the From address of this mail; name the writer: --person ID"
        )
    return PersonSettings(id="", name=author.name or author.email, email=author.email)


def _language(rules: _Rules, person: PersonSettings) -> str:
    return person.language or rules.policy.language


def _values(rules: _Rules, person: PersonSettings) -> Mapping[str, object]:
    return {"person": person, "organisation": rules.organisation}


def _wordings(rules: _Rules, person: PersonSettings, message: Message) -> list[tuple[Line, ...]]:
    """The official signature in the person's language and, where the mail is written in another, in that too."""
    written = read(message, Facts()).language
    languages = [rules.templates.language_for(_language(rules, person))]
    if written is not None:
        languages.append(rules.templates.language_for(written))
    fields: Mapping[Field, str] = {
        "name": person.name,
        "organisation": rules.organisation.name,
        "title": person.title,
        "department": person.department,
        "address": rules.organisation.postal_address,
        "phone": person.phone,
        "mobile": person.mobile,
    }
    return [
        official(rules.templates.render("signature", language, **_values(rules, person)).text.split("\n"), fields)
        for language in dict.fromkeys(languages)
    ]


def _best(signature: str, wordings: Sequence[tuple[Line, ...]], rules: _Rules) -> tuple[tuple[Line, ...], Comparison]:
    compared = [(lines, compare(signature, lines, complete=rules.complete)) for lines in wordings]
    return min(compared, key=lambda one: (_PREFERENCE.index(one[1].state), len(one[1].differences)))


def _secrecy(reading: Reading, policy: Policy) -> tuple[str, ...]:
    """Names of the secrecy rules that found something, when together they are enough to be careful."""
    confidential, verdicts = secrecy.judge(reading, policy)
    return tuple(dict.fromkeys(verdict.rule for verdict in verdicts)) if confidential else ()


def _problems(opening: Greeting, comparison: Comparison, visible: bool, confidential: Sequence[str]) -> list[Problem]:
    problems = [] if opening == "fine" else [Problem(f"greeting.{opening}")]
    if comparison.state in ("missing", "foreign", "wrong_order"):
        problems.append(Problem(f"signature.{comparison.state}"))
    for difference in comparison.differences:
        if difference.expected is None:
            problems.append(Problem("signature.extra", None, difference.found))
        else:
            kind = "absent" if difference.found is None else "outdated"
            problems.append(Problem(f"signature.{kind}.{difference.field}", difference.expected, difference.found))
    if not visible:
        problems.append(Problem("organisation.not_visible"))
    # Bjurholm p. 6: "Sekretessbelagd information får inte skickas via e-post"
    problems += [Problem(f"secrecy.{rule.removeprefix('confidential.')}") for rule in confidential]
    return problems
