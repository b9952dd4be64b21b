"""`mailbot offboard`: what must be empty or handed over before somebody leaves."""

from pathlib import Path

import click

from mailbot.cli.options import at_option, config_option, json_option, lang_option, load_config


@click.command()
@click.argument("who", metavar="PERSON")
@json_option
@at_option
@lang_option
@config_option
def offboard(who: str, as_json: bool, at: str | None, lang: str | None, config_path: Path | None) -> int:
    """What must be empty or handed over before PERSON leaves; 1 while something is left.

    "När du avslutar din tjänst ... ska din inkorg vara tömd": mail in the mailbox, answers that are owed, what waits
    for the registrar, roles, mandates, weeks to cover for others.

    \b
    Examples:
      mailbot offboard anna
      mailbot offboard anna --json
    """
    from mailbot.cli.absence import require_near
    from mailbot.cli.acting import actor
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen, say
    from mailbot.cli.output import emit_json, table
    from mailbot.cli.people import find_person
    from mailbot.wiring import installation
    from mailbot.work.offboarding import left_over

    config = load_config(config_path)
    language, now = chosen(lang, config), instant(at, config.zone)
    person = find_person(config, who)
    require_near(config, actor(config), person.id, say(language, "absence.not_yours", name="{name}"))
    with installation(config) as context:
        found = left_over(context, person, now)
    if as_json:
        emit_json(
            {
                "person": person.id,
                "left": [{"what": one.what, "detail": one.detail, "count": one.count} for one in found],
            }
        )
    else:
        rows = [(say(language, f"offboard.{one.what}"), one.count, one.detail) for one in found]
        headings = [say(language, f"offboard.{key}") for key in ("heading", "count", "detail")]
        table(headings, rows, empty=say(language, "offboard.empty", name=person.name))
    return 1 if any(one.count != 0 for one in found) else 0
