"""`mailbot absence verify`: whether what should be installed is, and works."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailbot.cli.options import at_option, config_option, json_option, lang_option, load_config

if TYPE_CHECKING:
    from mailbot.work.absence_verify import Verification
    from mailbot.work.context import Context


@click.command("verify")
@click.argument("refs", nargs=-1, metavar="[REF...]")
@click.option("--probe", is_flag=True, help="Send a probe mail unless this version of the text has one.")
@click.option("--mend", is_flag=True, help="Install again first.")
@click.option(
    "--accept-copy", is_flag=True, help="With --mend: a copy of the person's own rules may stand in for them."
)
@json_option
@at_option
@lang_option
@config_option
def verify(
    *,
    refs: tuple[str, ...],
    probe: bool,
    mend: bool,
    accept_copy: bool,
    as_json: bool,
    at: str | None,
    lang: str | None,
    config_path: Path | None,
) -> int:
    """Whether automatic replies and forwarding stand, work, and were proven; 1 when something is wrong.

    Without REF every absence that is ahead or under way is looked at.

    \b
    Examples:
      mailbot absence verify
      mailbot absence verify B7KQ-2M9X --probe
      mailbot absence verify B7KQ-2M9X --mend
    """
    from mailbot.cli.absence import require_near
    from mailbot.cli.absence_installing import put_in_place
    from mailbot.cli.acting import actor
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen, say
    from mailbot.store.absences import STANDING
    from mailbot.wiring import installation
    from mailbot.work.absence_upkeep import verify_now

    config = load_config(config_path)
    language, now, acting = chosen(lang, config), instant(at, config.zone), actor(config)
    with installation(config) as context:
        absences = context.store.absences
        wanted = [absences.get(ref) for ref in refs] if refs else absences.list(states=STANDING)
        found = []
        for stored in wanted:
            if mend:
                require_near(config, acting, stored.absence.person, say(language, "absence.not_yours", name="{name}"))
                put_in_place(context, stored, language, now, attended=False, accept=accept_copy)
            found.append(verify_now(context, stored, now, probe=probe))
        _print(context, found, language, as_json=as_json)
    return 1 if any(one.problems for one in found) else 0


def _print(context: "Context", found: "list[Verification]", language: str, *, as_json: bool) -> None:
    from mailbot.cli.language import say
    from mailbot.cli.output import emit_json, table

    if as_json:
        for one in found:
            emit_json(_as_row(one))
        return
    keys = ("ref", "person", "configured", "effective", "proven", "problems")
    rows = [_cells(context, one, language) for one in found]
    table([say(language, f"absence.{key}") for key in keys], rows, empty=say(language, "absence.empty"))


def _as_row(one: "Verification") -> dict[str, Any]:
    return {
        "ref": one.ref,
        "person": one.person,
        "configured": one.configured,
        "effective": one.effective,
        "proven": one.proven,
        "problems": list(one.problems),
        "by_mailbot": one.by_mailbot,
        "later": one.later,
    }


def _cells(context: "Context", one: "Verification", language: str) -> list[str]:
    from mailbot.cli.language import say
    from mailbot.work.absence_notices import problem_words

    words = context.templates.words(language)
    person = context.config.person(one.person)
    told = {True: say(language, "word.yes"), False: say(language, "word.no"), None: say(language, "word.unknown")}
    problems = "; ".join(problem_words(words, problem) for problem in one.problems)
    later = say(language, "setup_autoreply.installed_later") if one.later else ""
    return [
        one.ref,
        person.name if person else one.person,
        *(told[level] for level in (one.configured, one.effective, one.proven)),
        problems or later,
    ]
