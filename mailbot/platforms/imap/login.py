"""Who logs in to a server, and as whom: a mailbox's own user, a master user, an authorization identity, or a token."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mailbot.errors import PermanentError, TransientError

LoginMethod = Literal["user", "master", "authzid", "xoauth2"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How one mailbox is opened; IMAP, submission and ManageSieve use the same."""

    method: LoginMethod
    #: whose mailbox it is, as the server names it (usually its address)
    mailbox: str
    #: who logs in: the master or service identity; for "user" and "xoauth2" the mailbox's own login name
    user: str
    #: reads the password or token when it is needed; it is never kept
    secret: Callable[[], str]

    @property
    def authentication_identity(self) -> str:
        """The name whose password is given (RFC 4616 authcid); Dovecot and Cyrus take "user*master" for a master."""
        return f"{self.mailbox}*{self.user}" if self.method == "master" else self.user

    @property
    def authorization_identity(self) -> str:
        """Whom to act for (RFC 4616 authzid); empty: the one who logs in."""
        return self.mailbox if self.method == "authzid" else ""

    def password(self) -> str:
        """The secret now. PermanentError when no server could take it."""
        value = self.secret()
        if any(character in value for character in "\0\r\n"):
            raise PermanentError(
                f"the secret of {self.user} holds a line break; set it again with `mailbot secret set`"
            )
        return value


class LoginRefused(PermanentError):
    """The server does not let this identity in; trying again would only get it locked."""


#: RFC 5530 response codes that pass by themselves
TEMPORARY_CODES = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"})


def login_error(code: str, login: Login, host: str) -> LoginRefused | TransientError:
    """The error for a refused login; `code` is the response code (RFC 5530) in upper case, or empty."""
    who = login.authentication_identity
    if code in TEMPORARY_CODES:
        return TransientError(f"{host} cannot log {who} in at present [{code}]")
    if code == "AUTHORIZATIONFAILED":
        return LoginRefused(
            f"{host} knows {who} but does not let it act for {login.mailbox}; give it that right on the server"
        )
    if code == "EXPIRED":
        return LoginRefused(f"the password of {who} on {host} has expired; set a new one with `mailbot secret set`")
    if code in ("PRIVACYREQUIRED", "ENCRYPT-NEEDED"):
        return LoginRefused(f'{host} takes passwords over TLS only; set tls to "implicit" or "starttls"')
    if login.method == "xoauth2":
        return LoginRefused(f"{host} refuses the token of {who}; check what token_command prints and its scope")
    return LoginRefused(f"{host} refuses the login of {who}; check user and secret (`mailbot secret set`)")
