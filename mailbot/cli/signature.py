"""`mailbot signature`: the official signature of a person, and whether a mail has it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbot.cli.options import at_option, by_option, config_option, json_option, lang_option, load_config

if TYPE_CHECKING:
    from mailbot.config.model import Config, PersonSettings
    from mailbot.work.signature_check import Problem, SignatureReport


@click.group()
def signature() -> None:
    """The official signature: what it looks like, and whether a mail has it."""


@signature.command()
@click.argument("who", metavar="PERSON")
@click.option("--html", "as_html", is_flag=True, help="HTML to paste into a mail program.")
@config_option
def show(who: str, as_html: bool, config_path: Path | None) -> None:
    """The official signature of PERSON: an id, a mail address or an account name.

    \b
    Examples:
      mailbot signature show eva
      mailbot signature show eva --html > signature.htm
    """
    from mailbot.work.signature_check import signature_of

    config = load_config(config_path)
    rendered = signature_of(config, _person(config, who))
    click.echo(rendered.fragment if as_html else rendered.text, nl=False)


@signature.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--person", "who", metavar="PERSON", help="Who wrote it (default: whom its From field names).")
@click.option("--profile", metavar="NAME", help="Rules to judge by when there is no configuration (bjurholm).")
@click.option("--own-domain", "own_domains", multiple=True, metavar="DOMAIN", help="A domain of ours; repeatable.")
@json_option
@lang_option
@config_option
def check(
    path: Path,
    who: str | None,
    profile: str | None,
    own_domains: tuple[str, ...],
    as_json: bool,
    lang: str | None,
    config_path: Path | None,
) -> int:
    """Greeting, signature, organisation and secrecy of a sent mail (.eml); 1 when something should be mended.

    Without a configuration the organisation's name comes from the profile and the writer's from the mail; telephone
    numbers, titles and addresses are not judged then.

    \b
    Examples:
      mailbot signature check sent.eml
      mailbot signature check sent.eml --profile bjurholm --own-domain bjurholm.example --json
    """
    from mailbot.cli.assess import configured
    from mailbot.cli.language import chosen
    from mailbot.cli.output import emit_json
    from mailbot.errors import UserError
    from mailbot.work.signature_check import check_file

    config: Config | None = configured(config_path, profile, own_domains)
    if who is not None and config is None:
        raise UserError("--person names somebody in the directory, which needs a configuration; add --config FILE")
    person = _person(config, who) if config is not None and who is not None else None
    report = check_file(path, config=config, profile=profile, own_domains=own_domains, person=person)
    if as_json:
        emit_json(_as_json(path, report))
    else:
        _print(report, chosen(lang, config))
    return 1 if report.problems else 0


@signature.command()
@click.argument("who", metavar="PERSON")
@at_option
@by_option
@lang_option
@config_option
def install(who: str, at: str | None, by: str | None, lang: str | None, config_path: Path | None) -> None:
    """Make the official signature PERSON's automatic one, or mail it to them where the server has no way to.

    Exchange on your own servers takes it for Outlook on the web. For administrators, and for everybody themselves.

    \b
    Examples:
      mailbot signature install eva
      sudo -u mailbot mailbot signature install stina.nyman@bjurholm.example
    """
    from mailbot.cli.acting import actor, require
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen
    from mailbot.config.texts import catalogue
    from mailbot.wiring import installation
    from mailbot.work.signature_install import install_signature

    config = load_config(config_path)
    person, acting = _person(config, who), actor(config, by)
    require(acting, (person.id,), "set somebody else's signature")
    with installation(config) as context:
        way = install_signature(context, person, by=acting.id, now=instant(at, config.zone))
    texts = catalogue("mailbot.cli", "signature_texts", chosen(lang, config))
    click.echo(texts[f"install.{way}"].format(name=person.name, email=person.email))


def _person(config: "Config", who: str) -> "PersonSettings":
    from mailbot.cli.people import find_person

    return find_person(config, who)


def _as_json(path: Path, report: "SignatureReport") -> dict[str, object]:
    return {
        "path": str(path),
        "greeting": report.greeting,
        "signature": report.signature,
        "organisation_visible": report.organisation_visible,
        "problems": [
            {"rule": problem.rule, "expected": problem.expected, "found": problem.found} for problem in report.problems
        ],
        "mended": report.mended,
    }


def _print(report: "SignatureReport", language: str) -> None:
    from mailbot.cli.output import safe
    from mailbot.config.texts import catalogue

    texts = catalogue("mailbot.cli", "signature_texts", language)
    if not report.problems:
        click.echo(texts["check.fine"])
        return
    for problem in report.problems:
        click.echo(f"- {safe(_in_words(problem, texts))}")
    if report.mended is not None:
        click.echo(f"\n{texts['check.mended']}\n")
        for line in report.mended.splitlines():
            click.echo(safe(line))


def _in_words(problem: "Problem", texts: Mapping[str, str]) -> str:
    family, _, rest = problem.rule.partition(".")
    if family == "secrecy":
        return texts["secrecy.hint"].format(rule=rest)
    kind, _, field = rest.partition(".")
    words = {"expected": problem.expected, "found": problem.found, "field": texts.get(f"field.{field}", field)}
    return texts[f"{family}.{kind}"].format_map(words)
