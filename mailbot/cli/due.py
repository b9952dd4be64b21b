"""`mailbot due`: when an answer would be due, with every day counted or skipped."""

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from mailbot.cli.clock import parse_instant
from mailbot.cli.options import config_option, json_option, lang_option, load_config
from mailbot.cli.output import emit_json, table
from mailbot.errors import UserError

if TYPE_CHECKING:
    from mailbot.policy.deadlines import Deadline
    from mailbot.policy.profile import Policy

DEFAULT_PROFILE = "bjurholm"

_WEEKDAYS = {
    "sv": ("mån", "tis", "ons", "tors", "fre", "lör", "sön"),
    "nb": ("man.", "tirs.", "ons.", "tors.", "fre.", "lør.", "søn."),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_HEADINGS = {
    "sv": ("datum", "veckodag", "räknas", "varför"),
    "nb": ("dato", "ukedag", "teller", "hvorfor"),
    "en": ("date", "weekday", "counts", "why"),
}
_SUMMARY = {
    "sv": {
        "yes": "ja",
        "due": "Svar senast {due_on} ({title}). Varning {warn_on}.",
        "none": "{title} har ingen svarstid.",
        "document": "Begäran om allmän handling: senast {document_due_on}.",
    },
    "nb": {
        "yes": "ja",
        "due": "Svar senest {due_on} ({title}). Varsel {warn_on}.",
        "none": "{title} har ingen svarfrist.",
        "document": "Innsynskrav: senest {document_due_on}.",
    },
    "en": {
        "yes": "yes",
        "due": "Answer due {due_on} ({title}). Warning on {warn_on}.",
        "none": "{title} sets no time for answers.",
        "document": "Request for a public document: due {document_due_on}.",
    },
}


@click.command(short_help="When an answer is due, with the days counted and skipped.")
@click.argument("moment", metavar="DATETIME", nargs=-1, required=True)
@click.option(
    "--profile",
    metavar="NAME",
    help="Rules to use: a shipped profile or a .toml file (default: configuration, then bjurholm).",
)
@config_option
@lang_option
@json_option
def due(
    moment: tuple[str, ...], profile: str | None, config_path: Path | None, lang: str | None, as_json: bool
) -> None:
    """When an answer to mail that arrives at DATETIME is due.

    DATETIME is a date, or a date and time as 2026-03-09T10:00; without an offset it is local time of the profile.
    Without --profile the rules of the configuration count; where there is none, those of bjurholm.

    \b
    Examples:
      mailbot due 2026-12-23 11:00
      mailbot due 2026-07-01T22:15Z --profile askim --json
    """
    policy, zone = _rules(profile, config_path)
    text = " ".join(moment)
    received_at = parse_instant(text, zone)
    try:
        report = _report(received_at, policy, zone, lang or policy.language)
    except OverflowError:
        raise UserError(f"the date {text!r} is out of range; years 1900 to 2199 are supported") from None
    if as_json:
        emit_json({name: value for name, value in report.items() if name != "title"})
    else:
        _print(report, lang or policy.language)


def _rules(profile: str | None, config_path: Path | None) -> tuple["Policy", ZoneInfo]:
    from mailbot.policy.profile import load_policy

    if profile is None and _is_configured(config_path):
        config = load_config(config_path)
        return config.policy, config.zone
    policy = load_policy(profile or DEFAULT_PROFILE)
    return policy, ZoneInfo(policy.timezone)


def _is_configured(config_path: Path | None) -> bool:
    from mailbot.config.load import USUAL_PLACES

    named = config_path is not None or bool(os.environ.get("MAILBOT_CONFIG"))
    return named or any(place.is_file() for place in USUAL_PLACES)


def _report(received_at: datetime, policy: "Policy", zone: ZoneInfo, language: str) -> dict[str, object]:
    from mailbot.policy.deadlines import document_deadline, reply_deadline

    deadline = reply_deadline(received_at, policy, zone=zone, language=language)
    document = document_deadline(received_at, policy, zone=zone) if policy.reply.document_request_clock else None
    return {
        "received_at": received_at.astimezone(zone),
        "profile": policy.name,
        "title": policy.title,
        "starts_on": deadline.starts_on if deadline else received_at.astimezone(zone).date(),
        "due_on": deadline.due_on if deadline else None,
        "document_due_on": document,
        "warn_on": deadline.warn_on if deadline else None,
        "days": _days(deadline),
    }


def _days(deadline: "Deadline | None") -> list[dict[str, object]]:
    counted = deadline.counted if deadline else ()
    return [{"date": day.day, "counts": day.counts, "why": day.why} for day in counted]


def _print(report: dict[str, object], language: str) -> None:
    words = _SUMMARY[language]
    days = report["days"]
    assert isinstance(days, list)
    table(
        _HEADINGS[language],
        (
            (day["date"], _WEEKDAYS[language][day["date"].weekday()], words["yes"] if day["counts"] else "", day["why"])
            for day in days
        ),
    )
    if days:
        click.echo()
    click.echo(words["due" if report["due_on"] else "none"].format_map(report))
    if report["document_due_on"]:
        click.echo(words["document"].format_map(report))
