"""The municipality on a real Dovecot and Postfix, with ManageSieve and two test accounts for probes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from mailbot.platforms.imap.login import Login
from mailbot.platforms.imap.sieve_connection import SieveConnection
from mailbot.platforms.imap.tls import client_context
from mailbot.platforms.imap.transport import Endpoint
from mailbot.policy.absence import Option, planned
from mailbot.policy.workdays import WorkCalendar
from mailbot.store.people_records import StoredAbsence
from mailbot.work.context import Context
from tests.servers.dovecot import MASTER_PASSWORD, MASTER_USER
from tests.support.imap_town import ImapTown

_SIEVE = 'managesieve = {{ host = "localhost", port = {port}, tls = "starttls" }}\n'
_PROBE = """
[probe]
internal = {{ address = "{internal}", server = "post" }}
external = {{ address = "{external}", server = "post" }}
"""


@dataclass
class AbsenceTown(ImapTown):
    probes: bool = True
    mode: str = "enforce"
    with_sieve: bool = True

    def write_config(self, further: Mapping[str, str] | None = None) -> None:
        super().write_config(further)
        number = self.citizen.address.partition(".")[2].partition("@")[0]
        for name, domain in (("prov", "bjurholm"), ("utifran", "medborgare")):
            self.accounts[name] = self.dovecot.add_account(f"{name}.{number}@{domain}.example")
        text = self.config_path.read_text(encoding="utf-8")
        if self.with_sieve:
            sieve = _SIEVE.format(port=self.dovecot.ports["sieve"])
            text = text.replace("smtp = {", f"{sieve}smtp = {{", 1)
        if self.probes:
            text += _PROBE.format(internal=self.address("prov"), external=self.address("utifran"))
        self.config_path.write_text(text, encoding="utf-8")

    def sieve(self, name: str) -> SieveConnection:
        """A person's scripts."""
        context = client_context(self.dovecot.ca_file)
        endpoint = Endpoint(host="localhost", port=self.dovecot.ports["sieve"], tls="starttls", context=context)
        login = Login(method="master", mailbox=self.address(name), user=MASTER_USER, secret=lambda: MASTER_PASSWORD)
        return SieveConnection(endpoint, login)

    def scripts(self, name: str) -> tuple[dict[str, bytes], str | None]:
        with self.sieve(name) as person:
            names, active = person.list_scripts()
            return {each: person.get_script(each) or b"" for each in names}, active

    def save(self, name: str, script: str, text: str) -> None:
        with self.sieve(name) as person:
            person.put_script(script, text.encode())
            person.set_active(script)


def plan(
    context: Context,
    now: datetime,
    *,
    person: str = "anna",
    from_: date | None = None,
    back: date | None = None,
    option: Option = Option.TO_COLLEAGUE,
    colleague: str = "lars",
) -> StoredAbsence:
    """An absence that has begun, two weeks long, covered by `colleague` every week."""
    calendar = WorkCalendar(context.config.policy.calendar)
    from_ = from_ or now.astimezone(context.config.zone).date() - timedelta(days=1)
    back = back or from_ + timedelta(days=15)
    weeks = {f"{day.isocalendar().year}-W{day.isocalendar().week:02}": colleague for day in _days(from_, back)}
    absence = planned(calendar, person=person, from_=from_, back=back, option=option, colleague=colleague, covers=weeks)
    ref = context.store.absences.plan(absence, by=f"person:{person}", now=now)
    return context.store.absences.get(ref)


def _days(from_: date, back: date) -> list[date]:
    return [from_ + timedelta(days=n) for n in range((back - from_).days)]


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
