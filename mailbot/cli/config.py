"""`mailbot config`: an interview that writes a working configuration, and every problem of one at once."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailbot.cli.options import config_option, json_option, lang_option
from mailbot.cli.setup import service_account_of, setup_texts
from mailbot.errors import UserError

if TYPE_CHECKING:
    from mailbot.config.answers import Answers
    from mailbot.config.model import Config
    from mailbot.secrets import Account, Secrets

_INSTALLED_IN = Path("/etc/mailbot")


@click.group()
def config() -> None:
    """Write a configuration, or list every problem of one."""


@config.command()
@json_option
@lang_option
@config_option
def check(config_path: Path | None, as_json: bool, lang: str | None) -> int:
    """Every problem of a configuration at once, with its key path and the remedy.

    Exit code 0 when there is none, 1 when there are some, 2 when there is no configuration.

    \b
    Examples:
      mailbot config check
      mailbot --config /etc/mailbot/config.toml config check --json
    """
    from mailbot.cli.output import emit_json
    from mailbot.config.load import find, load

    source = find(config_path)
    try:
        loaded = load(source)
    except UserError as error:
        if as_json:
            emit_json({"file": source, "ok": False, "problems": list(error.problems)})
        else:
            click.echo(str(error))
        return 1
    if as_json:
        emit_json({"file": source, "ok": True, "problems": []})
    else:
        click.echo(_all_well(loaded, source, setup_texts(lang, loaded)))
    return 0


def _all_well(loaded: "Config", source: Path, say: Mapping[str, str]) -> str:
    counts = {"mailboxes": len(loaded.mailboxes), "units": len(loaded.units), "people": len(loaded.people)}
    return say["config.no_problems"].format(file=source, mode=loaded.mode, **counts)


# --- init -----------------------------------------------------------------------------------------------------------


@config.command()
@click.option("--name", multiple=True, metavar="TEXT", help="Name of the organisation.")
@click.option("--profile", multiple=True, metavar="NAME", help="Whose rules apply.")
@click.option("--domain", multiple=True, metavar="DOMAIN", help="Mail domain; may be repeated.")
@click.option("--postal-address", multiple=True, metavar="TEXT", help="For signatures.")
@click.option("--mail-host", multiple=True, metavar="HOST", help="Your own mail server; may be repeated.")
@click.option("--outside", multiple=True, metavar="FOLDER", help="Where mail to other hosts is laid.")
@click.option("--path", multiple=True, metavar="FOLDER", help="Maildir of a mailbox, with {address} or {user}.")
@click.option("--service", multiple=True, metavar="ADDRESS", help="mailbot's own address.")
@click.option("--unit", multiple=True, metavar="ID=NAME", help="An authority of its own; may be repeated.")
@click.option("--mailbox", multiple=True, metavar="ID=ADDRESS", help="Authority mailbox of a unit.")
@click.option("--diary-number", multiple=True, metavar="ID=EXAMPLE", help="A diary number of a unit, as an example.")
@click.option("--registrar", multiple=True, metavar="ID=PERSON", help="Who registers for a unit.")
@click.option("--mail-officer", multiple=True, metavar="ID=PERSON", help="Who checks a unit's authority mailbox.")
@click.option("--head", multiple=True, metavar="PERSON", help="Head of administration.")
@click.option("--administrator", multiple=True, metavar="PERSON", help="Who administers mailbot.")
@click.option("--login", multiple=True, metavar="ACCOUNT", help="The administrator's account on this server.")
@click.option("--operator", multiple=True, metavar="ADDRESS", help="Gets alarms and the daily report.")
@click.option("--person", multiple=True, metavar="PERSON", help="Somebody else who works here; may be repeated.")
@click.option("--personal", multiple=True, metavar="yes|no", help="Whether personal mailboxes are read (headers only).")
@click.option("--database", multiple=True, metavar="URL", help="Where mailbot keeps its own data.")
@click.option("--secrets", multiple=True, metavar="FOLDER", help="Where secrets are kept.")
@click.option("--yes", is_flag=True, help="Ask nothing: what no option says gets its default.")
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@lang_option
@config_option
def init(config_path: Path | None, lang: str | None, yes: bool, force: bool, **options: tuple[str, ...]) -> None:
    """Ask for what a first configuration needs, and write it, in observe mode.

    Writes the configuration (--config, default ./config.toml), people.toml beside it, the secret reference-key and an
    empty database. Every question is an option too. A PERSON is written "First Last <address>"; an option of a
    unit begins with the unit's id and =, which may be left out when it is the same for all units.

    \b
    Examples:
      mailbot config init --lang sv
      mailbot config init --yes --name "Bjurholms kommun" --domain bjurholm.example \\
        --registrar "Eva Lind <eva@bjurholm.example>" --head "Karin Ek <karin@bjurholm.example>" \\
        --operator it@bjurholm.example
    """
    from mailbot.cli.language import chosen
    from mailbot.config.interview import Interview
    from mailbot.config.write import refuse_existing

    target = (config_path or _default_target()).absolute()
    people = target.with_name("people.toml")
    if not force:
        refuse_existing([target, people])
    language = chosen(lang)
    given = {key.replace("_", "-"): values for key, values in options.items() if values}
    interview = Interview(language, given, None if yes else _Terminal())
    installed = target.parent == _INSTALLED_IN
    answers = interview.run(
        database="sqlite:////var/lib/mailbot/mailbot.db" if installed else "sqlite:///mailbot.db",
        secrets=str(_INSTALLED_IN / "secrets") if installed else "secrets",
    )
    _install(answers, target, people, language, force=force)


def _default_target() -> Path:
    named = os.environ.get("MAILBOT_CONFIG")
    return Path(named) if named else Path("config.toml")


class _Terminal:
    """Questions on standard output, answers from standard input, which may be a pipe."""

    def ask(self, question: str, default: str | None) -> str:
        answer: str = click.prompt(question, default="" if default is None else default, show_default=bool(default))
        if not sys.stdin.isatty():
            click.echo()  # the line end that a person would have typed
        return answer

    def tell(self, text: str) -> None:
        click.echo(f"  {text}")


def _install(answers: "Answers", target: Path, people: Path, language: str, *, force: bool) -> None:
    """Write what belongs together; when a step fails, what the earlier ones created is taken away again."""
    from mailbot.config.texts import catalogue
    from mailbot.config.write import config_toml, people_toml, write_files
    from mailbot.secrets import REFERENCE_KEY, Secrets
    from mailbot.store.database import sqlite_path

    texts = {target: config_toml(answers, people.name, language), people: people_toml(answers, language)}
    loaded = _checked(texts, target, people)
    account, database = service_account_of(loaded), sqlite_path(loaded.paths.database)
    secrets = Secrets(Path(loaded.paths.secrets), account)
    with ExitStack() as undo:
        created_key = _create_key(secrets, undo)
        _create_database(loaded, database, account, undo)
        write_files(texts, force=force, group=account.gid if os.geteuid() == 0 else None)
        undo.pop_all()  # everything is in its place
    say = catalogue("mailbot.config", "interview_texts", language)
    _report(loaded, say, [target, people], secrets.where(REFERENCE_KEY) if created_key else None)


def _checked(texts: Mapping[Path, str], target: Path, people: Path) -> "Config":
    """What the files will mean. UserError when options that are fine one by one do not fit together."""
    import tomllib

    from mailbot.config.load import build

    tables: list[dict[str, Any]] = [tomllib.loads(texts[path]) for path in (target, people)]
    return build(tables[0], tables[1], target)


def _create_key(secrets: "Secrets", undo: ExitStack) -> bool:
    """A new reference key, unless there is one: replacing it would orphan every reference."""
    from mailbot.secrets import REFERENCE_KEY, new_reference_key

    if secrets.where(REFERENCE_KEY) is not None:
        secrets.reference_key()
        return False
    _remove_if_new(secrets.folder, undo)
    undo.callback(secrets.delete, REFERENCE_KEY)
    secrets.set(REFERENCE_KEY, new_reference_key())
    return True


def _create_database(loaded: "Config", database: Path | None, account: "Account", undo: ExitStack) -> None:
    """An empty database with the current schema, where SQLite has none yet; it belongs to the service."""
    from mailbot.store import schema

    if database is None or database.exists():
        return
    _remove_if_new(database.parent, undo)
    try:
        if not database.parent.exists():
            database.parent.mkdir(parents=True, mode=0o750)
            _give(database.parent, account)
    except OSError as error:
        remedy = "choose another place with --database"
        raise UserError(f"cannot create {database.parent}: {error.strerror}; {remedy}") from None
    undo.callback(_remove_all, database)
    schema.upgrade(loaded.paths.database)
    for path in _files_of(database):
        _give(path, account)


def _files_of(database: Path) -> list[Path]:
    """The database and what SQLite keeps beside it."""
    return list(database.parent.glob(f"{database.name}*"))


def _remove_all(database: Path) -> None:
    for path in _files_of(database):
        path.unlink(missing_ok=True)


def _remove_if_new(folder: Path, undo: ExitStack) -> None:
    if not folder.exists():
        undo.callback(_remove_folder, folder)


def _remove_folder(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _give(path: Path, account: "Account") -> None:
    if os.geteuid() == 0:
        os.chown(path, account.uid, account.gid)


def _report_state_folder(loaded: "Config", say: Mapping[str, str]) -> None:
    """SQLite writes beside its database, so the folder of one that lies elsewhere must be the service's too."""
    from mailbot.store.database import sqlite_path

    database, account = sqlite_path(loaded.paths.database), service_account_of(loaded)
    if os.geteuid() == 0 and database is not None and database.parent.stat().st_uid != account.uid:
        click.echo(say["done.state_folder"].format(account=account.name, folder=database.parent))


def _report(loaded: "Config", say: Mapping[str, str], written: Sequence[Path], key_file: str | None) -> None:
    from mailbot.config.servers import MaildirServer

    for mailbox in loaded.mailboxes:
        server = loaded.servers[mailbox.server]
        folder = server.folder(mailbox.address) if isinstance(server, MaildirServer) else None
        if folder is not None and not folder.is_dir():
            click.echo(say["done.no_folder"].format(folder=folder))
    _report_state_folder(loaded, say)
    click.echo(say["done.written"].format(paths=", ".join(map(str, written))))
    click.echo(say["done.secret_created"].format(path=key_file) if key_file else say["done.secret_kept"])
    click.echo(say["done.next"])
