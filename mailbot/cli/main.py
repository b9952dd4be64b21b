"""`mailbot`: parse, call one function, print. Commands load when they are used, so that --help stays quick."""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from mailbot import __version__
from mailbot.errors import MailbotError, TransientError, UserError

#: command -> (where it lives, one line for the overview); kept here so that the overview imports nothing
COMMANDS = {
    "absence": ("mailbot.cli.absence:absence", "Who is away which week, and who covers."),
    "assess": ("mailbot.cli.assess:assess", "What would be decided about .eml files, and why; sends nothing."),
    "attest": ("mailbot.cli.attest:attest", "Say that an authority mailbox was checked, or list who did."),
    "config": ("mailbot.cli.config:config", "Write a configuration, or list every problem of one."),
    "db": ("mailbot.cli.db:db", "Upgrade, check, back up or copy the database."),
    "demo": ("mailbot.cli.demo:demo", "A sample municipality lives through a working week."),
    "diary": ("mailbot.cli.diary:diary", "What waits for the registrar, or was done."),
    "digest": ("mailbot.cli.digest:digest", "Print or send a digest now."),
    "doctor": ("mailbot.cli.doctor:doctor", "Check configuration, secrets, rights, templates, calendar, clock."),
    "due": ("mailbot.cli.due:due", "Working-day arithmetic, with the days counted and skipped."),
    "explain": ("mailbot.cli.explain:explain", "The recorded decision about a message, and what became of it."),
    "mandate": ("mailbot.cli.mandate:mandate", "Who may read whose mailbox, and on whose word."),
    "offboard": ("mailbot.cli.offboard:offboard", "What must be handed over before somebody leaves."),
    "outbox": ("mailbot.cli.outbox:outbox", "What is queued, held, failed or unclear."),
    "pause": ("mailbot.cli.run:pause", "Kill switch: nothing leaves while paused."),
    "person": ("mailbot.cli.person:person", "The directory: who works here, and their mailboxes."),
    "replies": ("mailbot.cli.replies:replies", "Open obligations: who owes whom an answer."),
    "resume": ("mailbot.cli.run:resume", "End a pause."),
    "run": ("mailbot.cli.run:run", "The daemon; --once makes one complete pass."),
    "secret": ("mailbot.cli.secret:secret", "Set, check or delete a secret."),
    "setup-autoreply": ("mailbot.cli.setup_autoreply:setup_autoreply", "Staff, before leave: plan an absence."),
    "signature": ("mailbot.cli.signature:signature", "A person's official signature, and whether a mail has it."),
    "status": ("mailbot.cli.status:status", "Last check per mailbox, queue, open items, health."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(COMMANDS.items())])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="mailbot")
@click.option("--config", "config_path", metavar="FILE", type=click.Path(path_type=Path), help="Configuration file.")
@click.option("--lang", type=click.Choice(["sv", "nb", "en"]), help="Language of what is printed.")
def cli(config_path: Path | None, lang: str | None) -> None:
    """Keeps a municipality's written rules for mail.

    \b
    Try it without any configuration:
      mailbot demo                         a sample working week
      mailbot assess mail.eml              what would be decided about a mail
      mailbot due 2026-05-13T09:00         when an answer is due
    \b
    Start for real:
      mailbot config init                  an interview that writes config.toml
      mailbot doctor                       what is still missing
      mailbot run --once                   one pass, for cron or a systemd timer
    """


def main() -> None:
    """Run the command line; exit codes as in the contract: 0 done, 1 act, 2 wrong usage, 3 temporary trouble."""
    try:
        status = cli.main(prog_name="mailbot", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        from mailbot.cli.language import say

        click.echo(say(_asked_language(sys.argv[1:]), "main.aborted"), err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except UserError as error:
        click.echo(f"mailbot: {error}", err=True)
        sys.exit(2)
    except TransientError as error:
        click.echo(f"mailbot: {error}\n(temporary trouble: try again later)", err=True)
        sys.exit(3)
    except MailbotError as error:
        click.echo(f"mailbot: {error}", err=True)
        sys.exit(1)
    except Exception as error:
        # Where it happened, but not its text: that may quote the mail it stumbled over (invariant 6).
        click.echo(f"mailbot: a defect of mailbot, please report it: {_place(error)}", err=True)
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


def _asked_language(arguments: Sequence[str]) -> str:
    """The language of the last --lang among `arguments` (click's own answer is gone by then), else the locale's."""
    from mailbot.cli.language import LANGUAGES, chosen

    asked = None
    for before, argument in zip(("", *arguments), arguments, strict=False):
        name, _, value = argument.partition("=")
        given = argument if before == "--lang" else value if name == "--lang" else None
        asked = given if given in LANGUAGES else asked
    return chosen(asked)


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"
