"""The sendmail program that test servers call for auto-replies and redirects: it hands everything to Postfix by SMTP.

Postfix gets its port after the others have started, so it leaves it in a file: `python sendmail.py PORTFILE -f SENDER
[--] RECIPIENT...`
"""

import smtplib
import sys
from pathlib import Path

_WITH_VALUE = {"-f", "-F", "-r", "-N", "-R", "-V", "-C", "-B"}


def main(arguments: list[str]) -> None:
    port_file, *rest = arguments
    sender, recipients, words = "", [], iter(rest)
    for word in words:
        if word in _WITH_VALUE:
            value = next(words)
            sender = value.strip("<>") if word in ("-f", "-r") else sender
        elif word.startswith(("-f", "-r")) and word != "-r":
            sender = word[2:].strip("<>")
        elif not word.startswith("-"):
            recipients.append(word)
    with smtplib.SMTP("127.0.0.1", int(Path(port_file).read_text())) as smtp:
        smtp.sendmail(sender, recipients, sys.stdin.buffer.read(), mail_options=["BODY=8BITMIME"])


def install(folder: Path) -> Path:
    """An executable in `folder` that any user may run; the port is read from `smtp-port` beside it."""
    program = folder / "sendmail"
    copy = folder / "sendmail.py"
    copy.write_text(Path(__file__).read_text())
    program.write_text(f'#!/bin/sh\nexec python3 {copy} {folder / "smtp-port"} "$@"\n')
    program.chmod(0o755)
    return program


if __name__ == "__main__":
    main(sys.argv[1:])
