"""`mailbot assess`: what would be decided about mail files, and why. Reads files, sends nothing, stores nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailbot.cli.options import at_option, config_option, json_option, lang_option

if TYPE_CHECKING:
    from mailbot.work.assess import Assessment


FIELDS = (
    "kind", "automatic", "automatic_reason", "answer_allowed", "needs_reply", "due_on", "document_due_on", "diarise",
    "confidential", "language",
)  # fmt: skip


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--profile", metavar="NAME", help="Rules to judge by when there is no configuration (bjurholm).")
@click.option("--own-domain", "own_domains", multiple=True, metavar="DOMAIN", help="A domain of ours; repeatable.")
@click.option("--reveal", is_flag=True, help="Show text and evidence of confidential messages too.")
@at_option
@json_option
@lang_option
@config_option
def assess(
    paths: tuple[Path, ...],
    profile: str | None,
    own_domains: tuple[str, ...],
    reveal: bool,
    at: str | None,
    as_json: bool,
    lang: str | None,
    config_path: Path | None,
) -> None:
    """What mailbot would decide about .eml files (or folders of them), and why; sends nothing.

    \b
    Examples:
      mailbot assess question.eml --own-domain bjurholm.example
      mailbot assess exported-mail/ --json > decisions.jsonl
    """
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen
    from mailbot.cli.logs import configure
    from mailbot.cli.output import emit_json
    from mailbot.work.assess import assess_file, ground_rules

    configure(as_json=as_json)
    config = configured(config_path, profile, own_domains)
    rules = ground_rules(config, profile, own_domains)
    now, language = instant(at, rules.zone), chosen(lang, config)
    files = list(mail_files(paths))
    for number, path in enumerate(files):
        assessment = assess_file(path, rules, now)
        if as_json:
            emit_json(as_contract(assessment, reveal=reveal))
        else:
            _print(assessment, language, reveal=reveal, alone=len(files) == 1, first=number == 0)


def configured(config_path: Path | None, profile: str | None, own_domains: tuple[str, ...]) -> Any:
    """The configuration that is named, or found where one is looked for; None when the options replace it."""
    from mailbot.cli.acting import refuse_behind_sudo
    from mailbot.config.load import find, load
    from mailbot.errors import UserError

    refuse_behind_sudo("assess` and `mailbot signature check")
    if config_path is None:
        if profile or own_domains:
            return None
        try:
            find(None)
        except UserError:
            return None
    return load(config_path)


def mail_files(paths: tuple[Path, ...]) -> Iterator[Path]:
    """Every regular file named, or below a named folder, in order of name. UserError for a path that isn't there."""
    from mailbot.errors import UserError

    missing = [f"{path}: no such file or folder" for path in paths if not path.exists()]
    if missing:
        raise UserError("nothing to assess", missing)
    for path in paths:
        if path.is_dir():
            below = (file for file in sorted(path.rglob("*")) if file.is_file() or file.is_symlink())
            yield from (file for file in below if not file.name.startswith("."))
        else:
            yield path


def as_contract(assessment: "Assessment", *, reveal: bool) -> dict[str, Any]:
    """The JSON object of the command-line contract; evidence and text of confidential messages only when revealed."""
    from mailbot.cli.fields import judged

    decision, message = assessment.decision, assessment.message
    shown = reveal or not decision.confidential
    body = message.body if message else None
    return {
        "path": str(assessment.path),
        "message_id": message.message_id if message else None,
        "language": decision.language,
        **judged(decision),
        "text": {kind: body.joined(kind) for kind in ("new", "signature", "quoted")} if body and shown else None,
        "reasons": [
            {
                "rule": verdict.rule,
                "points": verdict.points,
                "evidence": assessment.excerpt(verdict) if shown else None,
            }
            for verdict in decision.verdicts
        ],
        "actions": [action.name for action in decision.actions],
    }


def _print(assessment: "Assessment", language: str, *, reveal: bool, alone: bool, first: bool) -> None:
    """One file: an explanation; many: a line each."""
    from mailbot.cli.fields import shown
    from mailbot.cli.language import say
    from mailbot.cli.output import safe

    answer = as_contract(assessment, reveal=reveal)
    if not alone:
        if first:
            click.echo(say(language, "assess.heading"))
        cells = (shown(key, answer[key], language) for key in ("automatic", "needs_reply", "diarise", "confidential"))
        due = str(answer["due_on"] or "-")
        click.echo(
            "  ".join(f"{cell:9}" for cell in cells)
            + f"  {due:10}  {shown('kind', answer['kind'], language):26}  {safe(answer['path'])}"
        )
        return
    for key in FIELDS:
        if answer[key] is not None:
            click.echo(f"{say(language, f'assess.{key}'):28} {shown(key, answer[key], language)}")
    actions = [shown("action", action, language) for action in answer["actions"]]
    click.echo(f"{say(language, 'assess.actions'):28} {', '.join(actions) or '-'}")
    click.echo()
    for reason in answer["reasons"]:
        quote = f"  «{safe(reason['evidence'])}»" if reason["evidence"] else ""
        click.echo(f"  {reason['points']:+5.1f}  {reason['rule']}{quote}")
    if assessment.decision.confidential and not reveal:
        click.echo(say(language, "assess.hidden"))
