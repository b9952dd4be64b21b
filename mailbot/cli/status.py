"""`mailbot status`: is everything read, and what waits?"""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailbot.cli.options import at_option, config_option, json_option, lang_option, load_config

if TYPE_CHECKING:
    from datetime import datetime

    from mailbot.config.model import Config
    from mailbot.work.context import Context


@click.command()
@click.option("--check", is_flag=True, help="Exit with 1 unless all is well and the passes go on: for monitoring.")
@at_option
@json_option
@lang_option
@config_option
def status(check: bool, at: str | None, as_json: bool, lang: str | None, config_path: Path | None) -> int:
    """Last check per mailbox, queue, open items, health.

    \b
    Examples:
      mailbot status
      mailbot status --json | jq .healthy
      mailbot status --check >/dev/null || echo "mailbot needs attention"
    """
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen
    from mailbot.cli.output import emit_json
    from mailbot.wiring import installation

    config = load_config(config_path)
    with installation(config) as context:
        report = _report(context, instant(at, config.zone))
    if as_json:
        emit_json(report)
    else:
        _print(report, chosen(lang, config), config.zone)
    service = report["service"]
    return 1 if check and (not report["healthy"] or service is None or service["stale"]) else 0


def _service(config: "Config", now: "datetime") -> dict[str, Any] | None:
    """What the last pass told monitoring, and whether it is too long ago; None: nothing was told yet."""
    from datetime import datetime

    from mailbot import health

    state = health.read(config)
    if state is None:
        return None
    stale = datetime.fromisoformat(state["stale_after"]) < now
    return {name: state.get(name) for name in ("status", "last_pass_at", "next_pass_at", "alarms")} | {"stale": stale}


def _report(context: "Context", now: "datetime") -> dict[str, Any]:
    from mailbot.cli.attest import as_contract
    from mailbot.work.daily_check import check_days, standing
    from mailbot.work.digest_lines import is_overdue

    store, today = context.store, now.astimezone(context.config.zone).date()
    checks = {check.mailbox: check for check in store.intake.last_checks()}
    obligations = store.obligations.list(states=("open",))
    pause = store.installation.paused()
    outbox = Counter(item.state for item in store.outbox.list())
    days = {one.mailbox: one for one in [*check_days(context, today, today, now), *standing(context, now)]}
    mailboxes = [
        {
            "mailbox": mailbox.address,
            "role": mailbox.role,
            "daily_check": as_contract(days[mailbox.address]) if mailbox.address in days else None,
            "last_check_at": (check := checks.get(mailbox.address)) and check.completed_at,
            "error": check.error if check else "never read",
        }
        for mailbox in context.config.mailboxes
        if mailbox.role != "service"
    ]
    return {
        "mode": context.config.mode,
        "paused": None if pause is None else {"since": pause.since, "by": pause.by, "reason": pause.reason},
        "healthy": pause is None
        and not any(mailbox["error"] for mailbox in mailboxes)
        and not standing(context, now)
        and not outbox["failed"]
        and not outbox["unknown"],
        "service": _service(context.config, now),
        "mailboxes": mailboxes,
        "outbox": dict(outbox),
        "replies": {
            "open": len(obligations),
            "overdue": sum(is_overdue(one, today) for one in obligations),
        },
        "diary": dict(Counter(item.state for item in store.diary.list())),
    }


def _print(report: dict[str, Any], language: str, zone: Any) -> None:
    from mailbot.cli.fields import shown
    from mailbot.cli.language import say
    from mailbot.cli.output import local, table

    click.echo(say(language, "status.mode", mode=say(language, f"status.{report['mode']}")))
    if report["paused"]:
        click.echo(say(language, "status.paused", by=report["paused"]["by"], reason=report["paused"]["reason"] or "-"))
    click.echo(say(language, "status.healthy" if report["healthy"] else "status.unhealthy"))
    service = report["service"]
    if service is not None:
        key = "status.stale" if service["stale"] else "status.passes"
        last, following = (_at(service[name], zone) for name in ("last_pass_at", "next_pass_at"))
        click.echo(say(language, key, last=last, following=following))
    click.echo()
    table(
        [say(language, f"status.{key}") for key in ("mailbox", "last_check", "checked", "trouble")],
        [
            (
                one["mailbox"],
                local(one["last_check_at"], zone),
                _checked(one["daily_check"], language),
                one["error"] or "",
            )
            for one in report["mailboxes"]
        ],
    )
    click.echo()
    counts = [("replies", report["replies"]), ("diary", report["diary"]), ("outbox", report["outbox"])]
    for heading, numbers in counts:
        listed = ", ".join(f"{shown('state', name, language)} {number}" for name, number in numbers.items()) or "-"
        click.echo(f"{say(language, f'status.{heading}')}: {listed}")


def _checked(check: dict[str, Any] | None, language: str) -> str:
    """Whether a person has looked into it; "" for mailboxes and days without that duty."""
    from mailbot.cli.language import say

    return say(language, f"attest.{check['state']}") if check else ""


def _at(text: str | None, zone: Any) -> str:
    from datetime import datetime

    from mailbot.cli.output import local

    return local(datetime.fromisoformat(text), zone) if text else "-"
