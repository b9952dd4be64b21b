"""The words of an absence: the automatic reply, the telephone and the switchboard say the same from the same data."""

from collections.abc import Mapping
from typing import Literal

from mailbot.config.model import Config, PersonSettings
from mailbot.policy.absence import Absence, week_number
from mailbot.render import Rendered, Templates

Audience = Literal["internal", "external"]


def auto_reply(
    config: Config, templates: Templates, absence: Absence, *, audience: Audience = "external", language: str = ""
) -> Rendered:
    """The automatic reply in the organisation's language; `lines` is its plain text, `fragment` its HTML.

    Shipped templates say the same to everybody; an own one may look at `absence.audience`.
    """
    context = {**values_of(config, absence), "audience": audience}
    return templates.render("auto_reply", language or config.policy.language, absence=context)


def voicemail(config: Config, templates: Templates, absence: Absence) -> Rendered:
    """What the person records on the telephone meanwhile (B5)."""
    return templates.render("absence_voicemail", config.policy.language, absence=values_of(config, absence))


def values_of(config: Config, absence: Absence) -> dict[str, object]:
    """What templates may say about an absence. Somebody who has left the directory goes by the person id."""
    return {
        "person": _reached(config, absence.person),
        "organisation": config.organisation.name,
        "from_": absence.from_,
        "back": absence.back,
        "option": absence.option.value,
        "letter": config.policy.absence.print_letter,
        "audience": "external",
        "colleague": _reached(config, absence.colleague),
        "contacts": tuple(
            {"week": cover.week, "number": week_number(cover.week), **_reached(config, cover.person)}
            for cover in absence.covers
        ),
    }


def _reached(config: Config, person_id: str) -> Mapping[str, str]:
    person = config.person(person_id) or PersonSettings(id=person_id, name=person_id, email="")
    return {
        "id": person.id,
        "name": person.name,
        "title": person.title,
        "department": person.department,
        "phone": person.phone or person.mobile,
        "email": person.email,
    }
