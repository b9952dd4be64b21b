"""Whom a typed name means, and what is known about one person of the directory."""

from typing import TYPE_CHECKING, Any

from mailbot.errors import UserError

if TYPE_CHECKING:
    from mailbot.config.model import Config, PersonSettings


def find_person(config: "Config", who: str) -> "PersonSettings":
    """The person with this id, mail address or account name. UserError with the nearest id when there is none."""
    from mailbot.config.syntax import nearest

    by_login = next((p for p in config.people if p.login and p.login == who), None)
    found = config.person(who) or config.person_by_address(who) or by_login
    if found is None:
        near = nearest(who, [p.id for p in config.people])
        remedy = f"did you mean {near!r}?" if near else "`mailbot person list` shows everybody"
        raise UserError(f"nobody in the directory is {who!r}; {remedy}")
    return found


def described(config: "Config", someone: "PersonSettings") -> dict[str, Any]:
    """What is known about one person, for machines."""
    return {
        "id": someone.id,
        "name": someone.name,
        "title": someone.title,
        "department": someone.department,
        "email": someone.email,
        "aliases": list(someone.aliases),
        "phone": someone.phone,
        "mobile": someone.mobile,
        "login": someone.login,
        "manager": someone.manager,
        "language": someone.language or config.policy.language,
        "roles": _roles(config, someone.id),
        "mailboxes": [m.address for m in config.mailboxes if config.owner(m) == someone],
        "checks": _checks(config, someone.id),
        "absences": [{"from": absence.from_, "back": absence.back} for absence in someone.absences],
    }


def _roles(config: "Config", person_id: str) -> list[dict[str, Any]]:
    """Roles of the organisation and of units; whoever is not the first of a list stands in for those before."""
    roles: list[tuple[str, str | None, tuple[str, ...]]] = [
        ("head_of_administration", None, config.roles.head_of_administration),
        ("administrator", None, tuple(i for i in config.roles.administrators if i == person_id)),
        *(("registrar", unit.id, unit.registrars) for unit in config.units),
        *(("mail_officer", unit.id, unit.mail_officers) for unit in config.units),
    ]
    return [
        {"role": role, "unit": unit, "deputy": ids[0] != person_id} for role, unit, ids in roles if person_id in ids
    ]


def _checks(config: "Config", person_id: str) -> list[str]:
    """Authority mailboxes this person checks, as the first or as a deputy."""
    units = {unit.id for unit in config.units if person_id in unit.mail_officers}
    return [m.address for m in config.mailboxes if m.role == "authority" and m.unit in units]
