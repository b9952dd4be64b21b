"""`mailbot db`: the database itself."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbot.cli.options import at_option, config_option, json_option, lang_option, load_config

if TYPE_CHECKING:
    from mailbot.config.model import Config


@click.group()
def db() -> None:
    """Upgrade, check, back up or copy the database (`paths.database` in the configuration)."""


@db.command()
@lang_option
@config_option
def upgrade(lang: str | None, config_path: Path | None) -> None:
    """Create the database, or bring it to the revision that this program needs. Safe to repeat.

    \b
    Examples:
      sudo -u mailbot mailbot db upgrade
    """
    from mailbot.cli.language import chosen, say
    from mailbot.store import schema

    config = load_config(config_path, task="handle the database")
    schema.upgrade(config.paths.database)
    click.echo(say(chosen(lang, config), "db.upgraded", revision=schema.HEAD))


@db.command()
@json_option
@lang_option
@config_option
@click.pass_context
def check(context: click.Context, as_json: bool, lang: str | None, config_path: Path | None) -> None:
    """What is wrong with the database and what to do about it; exit code 1 when something is.

    \b
    Examples:
      sudo -u mailbot mailbot db check
    """
    from mailbot.cli.language import chosen, say
    from mailbot.cli.output import emit_json
    from mailbot.store import schema

    config = load_config(config_path, task="handle the database")
    problems = schema.check(config.paths.database)
    if as_json:
        emit_json({"problems": problems})
    else:
        for line in problems or [say(chosen(lang, config), "db.sound")]:
            click.echo(line)
    context.exit(1 if problems else 0)


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@lang_option
@config_option
def backup(file: Path, lang: str | None, config_path: Path | None) -> None:
    """Write a consistent copy to FILE while mailbot works on. An older FILE is replaced when the copy is complete.

    \b
    The copy holds personal data (mode 0600). `mailbot db restore FILE` puts it back; docs/operations.md has the drill.
    Examples:
      sudo -u mailbot mailbot db backup /var/backups/mailbot.db
    """
    from mailbot.cli.language import chosen, say
    from mailbot.store import transfer

    config = load_config(config_path, task="handle the database")
    _require_administrator(config, "back the database up")
    transfer.backup(config.paths.database, file)
    click.echo(say(chosen(lang, config), "db.written", file=file))


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@at_option
@lang_option
@config_option
def restore(file: Path, at: str | None, lang: str | None, config_path: Path | None) -> None:
    """Put the backup FILE in the place of the database. Stop mailbot first.

    \b
    What is left of the old database is kept beside it. The next pass reads all mail since the backup again, finds in
    mailbot's own Sent folder what went out, and brings in what people decided by command (paths.journal): nothing is
    sent twice, nothing is lost.
    Examples:
      sudo systemctl stop mailbot
      sudo -u mailbot mailbot db restore /var/backups/mailbot/mailbot.db
      sudo systemctl start mailbot
    """
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen, say
    from mailbot.store import transfer
    from mailbot.store.lock import exclusive

    config = load_config(config_path, task="handle the database")
    _require_administrator(config, "restore the database")
    with exclusive(config.paths.database):
        aside = transfer.restore(config.paths.database, file, instant(at, config.zone))
    language = chosen(lang, config)
    click.echo(say(language, "db.restored", file=file))
    if aside is not None:
        click.echo(say(language, "db.laid_aside", path=aside))


@db.command()
@lang_option
@config_option
def restored(lang: str | None, config_path: Path | None) -> None:
    """Say that the database was restored by other means: a snapshot of the machine, pg_restore. Safe to repeat.

    \b
    mailbot mostly notices by itself. From then on nothing leaves before mailbot's own Sent folder has been asked.
    Examples:
      sudo -u mailbot mailbot db restored
    """
    from mailbot.cli.language import chosen, say
    from mailbot.wiring import installation

    config = load_config(config_path, task="handle the database")
    _require_administrator(config, "say that the database was restored")
    with installation(config, by_command=False) as context:
        context.store.lineage.mark_restored()
    click.echo(say(chosen(lang, config), "db.marked"))


@db.command()
@json_option
@lang_option
@config_option
def replay(as_json: bool, lang: str | None, config_path: Path | None) -> int:
    """Bring what people decided by command since the backup into a restored database. Safe to repeat.

    \b
    The decisions come from the journal (paths.journal), in order, each with who and when. Those about mail that
    mailbot has not read again yet wait for its next pass. `mailbot run` does all this by itself.
    Exit status: 0 everything stands, 1 some decisions wait or do not fit what stands now.
    Examples:
      sudo -u mailbot mailbot db replay
    """
    from mailbot.cli.language import chosen, say
    from mailbot.cli.output import emit_json
    from mailbot.errors import UserError
    from mailbot.wiring import installation

    config = load_config(config_path, task="handle the database")
    with installation(config, by_command=False) as context:
        if context.store.lineage.was_restored():
            # What people mailed since is read first, or their decisions would come in the wrong order.
            raise UserError("this database was restored: the next pass brings the decisions in (`mailbot run --once`)")
        done = context.store.replay()
    if as_json:
        emit_json({"applied": done.applied, "waiting": done.waiting, "refused": len(done.refused)})
    else:
        language = chosen(lang, config)
        click.echo(say(language, "db.replayed", applied=done.applied, waiting=done.waiting))
        for entry in done.refused:
            click.echo(
                say(language, "db.refused", decision=entry.decision, ref=entry.arguments.get("ref", "-"), by=entry.by)
            )
    return 1 if done.waiting or done.refused else 0


@db.command()
@click.argument("from_url", metavar="FROM")
@click.argument("to_url", metavar="TO")
@lang_option
def copy(from_url: str, to_url: str, lang: str | None) -> None:
    """Copy every row from one database URL into another, empty one. Stop mailbot first.

    \b
    A password in a URL would be seen in the process list: let PGPASSFILE or a service file hold it.
    Examples:
      mailbot db copy sqlite:////var/lib/mailbot/mailbot.db postgresql://mailbot@db.kommun.example/mailbot
    """
    from mailbot.cli.acting import refuse_behind_sudo
    from mailbot.cli.language import chosen, say
    from mailbot.store import transfer

    refuse_behind_sudo("db copy")
    rows = transfer.copy(from_url, to_url)
    click.echo(say(chosen(lang), "db.copied", count=rows))


def _require_administrator(config: "Config", task: str) -> None:
    """The service account may write where the person at the keyboard may not, and reads everybody's mail."""
    from mailbot.cli.acting import actor, require

    require(actor(config), config.roles.administrators, task)
