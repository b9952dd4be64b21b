"""A small configuration that is right, to make wrong in one place at a time."""

from pathlib import Path

CONFIG = """\
operator = "it@by.example"

[organisation]
name = "Byns kommun"
domains = ["by.example"]
mail_hosts = ["mail.by.example"]

[paths]
database = "sqlite:///mailbot.db"
secrets = "secrets"

[schedule]
passes = ["07:00", "12:30"]

[roles]
head_of_administration = ["karin"]
administrators = ["ida"]
switchboard = "vaxel@by.example"

[[units]]
id = "ks"
name = "Kommunstyrelsen"
registrars = ["eva", "karin"]
mail_officers = ["eva"]
diary_pattern = 'KS[ -]\\d{4}/\\d+'

[[units]]
id = "mbn"
name = "Miljönämnden"
registrars = ["eva"]

[servers.post]
kind = "maildir"
path = "mail/{address}"

[[mailboxes]]
address = "kommunen@by.example"
server = "post"
role = "authority"
unit = "ks"

[[mailboxes]]
address = "eva@by.example"
server = "post"
role = "personal"
unit = "mbn"

[[mailboxes]]
address = "mailbot@by.example"
server = "post"
role = "service"

[[web_forms]]
from = "formular@by.example"
"""

PEOPLE = """\
[[people]]
id = "eva"
name = "Eva Lind"
email = "eva@by.example"
login = "evalin"
manager = "karin"

[[people]]
id = "karin"
name = "Karin Ek"
email = "karin@by.example"
aliases = ["kommunchef@by.example"]
absences = [{ from = "2026-07-01", back = "2026-08-03" }]

[[people]]
id = "ida"
name = "Ida Tapper"
email = "ida@leverantor.example"
login = "idatap"
"""


def write(folder: Path, config: str = CONFIG, people: str = PEOPLE) -> Path:
    """Both files in `folder`; the path of the configuration."""
    path = folder / "config.toml"
    path.write_text(config, encoding="utf-8")
    (folder / "people.toml").write_text(people, encoding="utf-8")
    return path
