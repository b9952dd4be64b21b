"""Logging in to a submission server (RFC 4954): with a password, for another identity, or with a token.

smtplib's own `login` cannot act for another identity, and takes passwords in ASCII only.
"""

import base64
import smtplib

from mailbot.errors import PermanentError
from mailbot.platforms.imap.login import Login, login_error
from mailbot.platforms.imap.smtp_replies import Reply
from mailbot.platforms.imap.transport import Endpoint


def authenticate(smtp: smtplib.SMTP, login: Login, endpoint: Endpoint) -> None:
    """Log in by the best way that the server offers. LoginRefused, PermanentError or TransientError with its remedy."""

    def say(line: str) -> Reply:
        return Reply.of(*smtp.docmd(line))

    offered = frozenset(smtp.esmtp_features.get("auth", "").upper().split())
    password, identity = login.password(), login.authentication_identity
    if login.method == "xoauth2":
        if "XOAUTH2" not in offered:
            raise PermanentError(f"{endpoint} does not offer AUTH XOAUTH2; choose another login")
        reply = say("AUTH XOAUTH2 " + _base64(f"user={identity}\1auth=Bearer {password}\1\1"))
        if reply.code == 334:  # why it was refused comes as a challenge; only an empty answer brings the reply itself
            reply = say("")
    elif "PLAIN" in offered:
        reply = say("AUTH PLAIN " + _base64(f"{login.authorization_identity}\0{identity}\0{password}"))
    elif "LOGIN" in offered and not login.authorization_identity:
        say("AUTH LOGIN")
        say(_base64(identity))
        reply = say(_base64(password))
    else:
        known = ", ".join(sorted(offered)) or "none"
        raise PermanentError(f"{endpoint} offers no way to log in that fits (AUTH: {known}); check port and tls")
    if not reply.positive:
        code = "UNAVAILABLE" if reply.temporary else "ENCRYPT-NEEDED" if reply.wants_tls else ""
        error = login_error(code, login, str(endpoint))
        raise type(error)(f"{error} ({reply.words})")


def _base64(text: str) -> str:
    # RFC 4616: UTF-8. smtplib's own `auth` takes ASCII only, and its UnicodeEncodeError would hold the password.
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
