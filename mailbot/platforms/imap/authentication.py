"""Which of the ways to log in fits an IMAP server, and what to do where none does."""

from imapclient import IMAPClient

from mailbot.errors import PermanentError
from mailbot.platforms.imap.login import Login
from mailbot.platforms.imap.transport import Endpoint

_LINE_BREAKS = frozenset("\0\r\n")


def authenticate(client: IMAPClient, offered: frozenset[str], login: Login, endpoint: Endpoint) -> None:
    """Log in by the way that fits what is `offered`. PermanentError when none does; else as imaplib raises."""
    password = login.password()
    identity = login.authentication_identity
    if login.method == "xoauth2":
        if "AUTH=XOAUTH2" in offered:
            client.oauth2_login(identity, password)
        elif "AUTH=OAUTHBEARER" in offered:
            client.oauthbearer_login(identity, password)
        else:
            raise PermanentError(f"{endpoint} offers neither XOAUTH2 nor OAUTHBEARER; choose another login")
    elif login.method == "authzid" or not _plain_words(identity, password) or "LOGINDISABLED" in offered:
        if "AUTH=PLAIN" not in offered:
            raise PermanentError(_no_plain(offered, identity, password, endpoint))
        client.plain_login(identity, password, login.authorization_identity)
    else:
        client.login(_quoted(identity), password)


def _no_plain(offered: frozenset[str], identity: str, password: str, endpoint: Endpoint) -> str:
    if "LOGINDISABLED" in offered:
        remedy = 'set tls to "implicit" or "starttls"' if endpoint.tls == "none" else "allow it on the server"
        return f"{endpoint} takes no passwords here (LOGINDISABLED); {remedy}"
    if not _plain_words(identity, password):
        return f"{endpoint} does not offer AUTH=PLAIN: user and password must be ASCII there"
    return f'{endpoint} does not offer AUTH=PLAIN, which login = "authzid" needs; use "master" or "user"'


def _plain_words(*words: str) -> bool:
    """Whether LOGIN can carry them: quoted strings are ASCII (RFC 3501 section 9)."""
    return all(word.isascii() for word in words)


def _quoted(identity: str) -> str:
    """imaplib quotes the password only."""
    if not _LINE_BREAKS.isdisjoint(identity):
        # RFC 3501 section 9: no quoted string can carry them, and a line break would begin another command
        raise PermanentError("a user name with a line break cannot be sent")
    return '"' + identity.replace("\\", "\\\\").replace('"', '\\"') + '"'
