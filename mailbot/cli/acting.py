"""Who is at the keyboard, and what their role lets them do.

Staff run `sudo -u mailbot mailbot ...`; SUDO_USER is then set by sudo itself and trusted. Root and the service user
count as administrators and are recorded by login.
"""

import os
import pwd
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mailbot.errors import UserError

if TYPE_CHECKING:
    from mailbot.config.model import Config


@dataclass(frozen=True, slots=True)
class Actor:
    """The person (or account) whose act is recorded."""

    #: "person:ID", or "login:NAME" for an account that is nobody in the directory
    id: str
    person_id: str | None
    is_administrator: bool


def is_behind_sudo() -> bool:
    """Whether a person other than root acts through the service account, with its rights."""
    return login_name() not in ("root", _account())


def refuse_behind_sudo(command: str) -> None:
    """Refuse commands over files of the caller's choice: the service account may read everybody's mail."""
    if is_behind_sudo():
        raise UserError(f"`mailbot {command}` works with your own rights: run it without sudo")


def require_trusted(config: "Config") -> None:
    """Refuse a configuration that a person behind sudo could have written: it says who is an administrator.

    The sudoers rule lets staff choose the arguments, --config among them, and the working folder. Behind sudo only
    files count that belong to root or to the service account and that nobody else may change.
    """
    if not is_behind_sudo():
        return
    for path in filter(None, (config.source, Path(config.paths.people))):
        status = path.stat()
        if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
            raise UserError(
                f"{path} may be changed by others than root and {_account()}, so it is not used behind sudo; "
                f"leave out --config, or run `chown root {path}` and `chmod go-w {path}`"
            )


def _account() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def login_name() -> str:
    """The account at the keyboard. SUDO_USER counts only where sudo can have set it: not in a person's own process."""
    account = _account()
    behind_sudo = os.environ.get("SUDO_USER", "")
    return behind_sudo if behind_sudo and account in {"root", "mailbot"} else account


def actor(config: "Config", by: str | None = None) -> Actor:
    """Who acts. `by` names somebody else, which only administrators may do. Raises UserError."""
    login = login_name()
    person = next((p for p in config.people if p.login and p.login == login), None)
    running_as_service = login == _account()
    administrator = (
        login == "root" or running_as_service or (person is not None and person.id in config.roles.administrators)
    )
    if by is not None:
        if not administrator:
            raise UserError("only an administrator may act for somebody else; leave out --by")
        if config.person(by) is None:
            raise UserError(f"nobody in the directory has the id {by!r}; `mailbot person list` shows them")
        return Actor(f"person:{by} (login:{login})", by, is_administrator=True)
    if person is not None:
        return Actor(f"person:{person.id}", person.id, administrator)
    if administrator:
        return Actor(f"login:{login}", None, is_administrator=True)
    raise UserError(
        f"the account {login!r} belongs to nobody in the directory; "
        "an administrator adds it as `login` of a person in the people file"
    )


def require(who: Actor, allowed: Iterable[str], task: str) -> None:
    """Refuse unless `who` is one of the persons `allowed` or an administrator."""
    if not who.is_administrator and who.person_id not in set(allowed):
        raise UserError(f"you may not {task}: that is for {', '.join(sorted(set(allowed))) or 'administrators'}")
