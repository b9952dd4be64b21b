"""The files of a new installation, from the answers of the interview; written all or none, never over others."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from mailbot.config.answers import Answers, NewPerson
from mailbot.config.texts import catalogue
from mailbot.errors import UserError

_CONTROL = {code: f"\\u{code:04x}" for code in (*range(0x20), 0x7F)}


def config_toml(answers: Answers, people_file: str, language: str) -> str:
    """A commented config.toml in observe mode."""
    comment = _Comments(language)
    head = [answers.head.id]
    administrators = [answers.administrator.id] if answers.administrator else []
    blocks = [
        [
            *comment("head"),
            "",
            *comment("mode"),
            'mode = "observe"',
            *comment("operator"),
            f"operator = {_toml(answers.operator)}",
        ],
        [
            "[organisation]",
            f"name = {_toml(answers.organisation.name)}",
            *comment("profile"),
            f"profile = {_toml(answers.organisation.profile)}",
            f"domains = {_toml(answers.organisation.domains)}",
            *comment("mail_hosts"),
            f"mail_hosts = {_toml(answers.post.mail_hosts)}",
            f"authserv_ids = {_toml(answers.post.mail_hosts)}",
            f"postal_address = {_toml(answers.organisation.postal_address)}",
        ],
        [
            "[paths]",
            f"database = {_toml(answers.database)}",
            f"people = {_toml(people_file)}",
            *comment("secrets"),
            f"secrets = {_toml(answers.secrets)}",
        ],
        ["[schedule]", *comment("passes"), 'passes = ["07:00", "12:30", "15:30"]'],
        [
            "[roles]",
            *comment("roles"),
            f"head_of_administration = {_toml(head)}",
            f"administrators = {_toml(administrators)}",
        ],
        *_units(answers, comment),
        [
            "[servers.post]",
            'kind = "maildir"',
            *comment("path"),
            f"path = {_toml(answers.post.path)}",
            *comment("outside"),
            f"outside = {_toml(answers.post.outside)}",
        ],
        *_mailboxes(answers, comment),
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def people_toml(answers: Answers, language: str) -> str:
    """A commented people file with everybody who was named."""
    comment = _Comments(language)
    blocks = [comment("people"), *(_person(person, answers) for person in answers.people)]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _units(answers: Answers, comment: "_Comments") -> Iterator[list[str]]:
    for number, unit in enumerate(answers.units):
        yield [
            *(comment("units") if number == 0 else []),
            "[[units]]",
            f"id = {_toml(unit.id)}",
            f"name = {_toml(unit.name)}",
            f"registrars = {_toml([unit.registrar.id])}",
            f"mail_officers = {_toml(list(dict.fromkeys([unit.mail_officer.id, unit.registrar.id])))}",
            f"diary_pattern = {_toml(unit.diary_pattern)}",
        ]


def _mailboxes(answers: Answers, comment: "_Comments") -> Iterator[list[str]]:
    shared = {unit.mailbox for unit in answers.units} | {answers.post.service}
    for number, unit in enumerate(answers.units):
        yield [*(comment("mailboxes") if number == 0 else []), *_mailbox(unit.mailbox, "authority", unit.id)]
    for person in answers.people if answers.personal else ():
        if person.email not in shared:
            yield _mailbox(person.email, "personal", _unit_of(person, answers))
    yield [*comment("service"), *_mailbox(answers.post.service, "service", "")]


def _mailbox(address: str, role: str, unit: str) -> list[str]:
    lines = ["[[mailboxes]]", f"address = {_toml(address)}", 'server = "post"', f"role = {_toml(role)}"]
    return [*lines, f"unit = {_toml(unit)}"] if unit else lines


def _unit_of(person: NewPerson, answers: Answers) -> str:
    """The unit a person was named for; the first one for everybody else."""
    own = (unit.id for unit in answers.units if person in (unit.registrar, unit.mail_officer))
    return next(own, answers.units[0].id)


def _person(person: NewPerson, answers: Answers) -> list[str]:
    lines = ["[[people]]", f"id = {_toml(person.id)}", f"name = {_toml(person.name)}", f"email = {_toml(person.email)}"]
    if answers.login and person == answers.administrator:
        lines.append(f"login = {_toml(answers.login)}")
    return lines


def person_toml(values: Mapping[str, str | tuple[str, ...]]) -> str:
    """One entry of a people file; what is empty is left out."""
    lines = ["[[people]]", *(f"{key} = {_toml(value)}" for key, value in values.items() if value)]
    return "\n".join([*lines, ""])


class _Comments:
    """Comment lines in the administrator's language."""

    def __init__(self, language: str) -> None:
        self._texts = catalogue("mailbot.config", "interview_texts", language)

    def __call__(self, key: str) -> list[str]:
        return [f"# {line}".rstrip() for line in self._texts[f"comment.{key}"].format().strip().split("\n")]


def _toml(value: "str | list[str] | tuple[str, ...]") -> str:
    """A text or a list of texts as TOML; patterns stand in literal strings, where a backslash is itself."""
    if not isinstance(value, str):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if "\\" in value and "'" not in value and not any(character in value for character in map(chr, _CONTROL)):
        return f"'{value}'"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').translate(_CONTROL) + '"'


# --- writing ----------------------------------------------------------------------------------------------------------


def refuse_existing(paths: list[Path]) -> None:
    """UserError when one of the files is there already."""
    existing = [str(path) for path in paths if path.exists() or path.is_symlink()]
    if existing:
        raise UserError(f"{' and '.join(existing)} would be overwritten; use --force, or another place with --config")


def write_files(texts: Mapping[Path, str], *, force: bool, group: int | None = None) -> None:
    """Write all files (0640) or none. Without `force` a file that is there already is never replaced.

    `group` is the group that may read them; None leaves it. Raises UserError.
    """
    staged: dict[Path, Path] = {}
    placed: list[Path] = []
    try:
        for path, text in texts.items():
            staged[path] = _staged(path, text, group)
        for path, temporary in staged.items():
            _place(temporary, path, force=force)
            placed.append(path)
    except BaseException as error:
        if not force:  # what was replaced cannot be brought back, and belongs together with what was placed
            _remove(placed)
        if isinstance(error, OSError):
            place = error.filename2 or error.filename or next(iter(texts))
            raise UserError(f"cannot write {place}: {error.strerror}; choose another place with --config") from None
        raise
    finally:
        _remove(list(staged.values()))


def _staged(path: Path, text: str, group: int | None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
        os.fchmod(descriptor, 0o640)
        if group is not None:
            os.fchown(descriptor, -1, group)
        handle.flush()
        os.fsync(descriptor)
    return Path(name)


def _place(temporary: Path, path: Path, *, force: bool) -> None:
    if force:
        temporary.replace(path)
    else:
        path.hardlink_to(temporary)  # fails when somebody wrote the file meanwhile


def _remove(paths: list[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink(missing_ok=True)
