"""Auto-replies as senders see them, and people's own scripts: what every server with ManageSieve must pass."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from mailbot.platforms.imap.sieve_connection import SieveConnection
from mailbot.platforms.imap.sieve_replies import SieveAutoReplies, SieveForwardRules
from mailbot.platforms.own_rules import OwnRulesConflict
from mailbot.platforms.replies import AutoReply
from tests.platforms.sieve_world import SieveWorld, mail, parsed

CITIZEN, COLLEAGUE = "bo@medborgare.example", "eva@bjurholm.example"
NOW = datetime.now(UTC).replace(microsecond=0)
AWAY = AutoReply(
    enabled=True,
    starts_at=NOW - timedelta(days=2),
    ends_at=NOW + timedelta(days=19),
    internal_text="Jag är inte på kontoret. Ring växeln på 1234.",
    external_text="Jag är inte på kontoret och väntas åter 26-08-03\n.\n"
    '"Åsa Öberg", 0930-140 00 \\ åsa@bjurholm.example\n' + "v. 31 " * 300,
    subject="Frånvaro: åter 3 augusti",
    addresses=("anna@bjurholm.example", "anna.berg@bjurholm.example"),
    version="B7KQ-2M9X-1",
)

#: scripts that stand unchanged beside ours, and what becomes of a mail with the word Faktura in its subject
HARMLESS = {
    "keeps": "keep;\r\n",
    "empty": "# nothing yet\r\n",
    "files": 'require ["fileinto"];\r\nif header :contains "subject" "Nyhetsbrev" { fileinto "INBOX"; }\r\n',
    "stops": 'require "fileinto";\nif header :contains "subject" "Nyhetsbrev" { discard; stop; }\nstop;\nkeep;\n',
    "switched off": 'require ["vacation"];\r\nif false { vacation "gammalt"; }\r\n',
    "many rules": 'require ["fileinto"];\r\n'
    + "".join(f'if header :is "x-list" "l{n}" {{ fileinto "INBOX"; stop; }}\r\n' for n in range(60)),
    "large": "".join(f"# rad {n} med åäö\r\n" for n in range(6_000)) + "keep;\r\n",
    "comments": '/* vacation "nej"; */\r\n# vacation "nej";\r\nif header :is "subject" "vacation \\"x\\";" { keep; }\n',
}
#: scripts against which ours is not installed: the reason, and whether a copy is proposed
AGAINST = {
    "answers": ('require ["vacation"];\r\nvacation :days 3 "egen semester";\r\n', "own_reply", True),
    "answers some": (
        'require ["vacation", "fileinto"];\r\nif header :contains "subject" "x" { keep; }\r\n'
        'elsif true { vacation :subject "S" text:\r\negen; } \r\n..punkt\r\n.\r\n; fileinto "INBOX"; }\r\n',
        "own_reply",
        True,
    ),
    "refuses": ('require ["reject"];\r\nif header :contains "subject" "spam" { reject "nej"; }\r\n', "reject", True),
}
#: scripts that no server takes, and that lie there all the same: an included one has gone, an extension was switched
#: off, another program wrote it
BROKEN = {
    "includes nothing": ('require ["include"];\r\ninclude :personal "borta";\r\n', "include_missing"),
    "includes itself": ('require ["include"];\r\ninclude :personal "eget";\r\n', "include_loop"),
    "includes ours": ('require "include";\r\ninclude :personal :optional "mailbot-absence";\r\n', "include_loop"),
    "no script": ("if if if {\r\n", "broken"),
    "unknown extension": ('require ["vnd.example.gone"];\r\nkeep;\r\n', "broken"),
    "no require": ('fileinto "INBOX";\r\n', "broken"),
    "a NUL": ("keep; # \0\r\nkeep;\0\r\n", "broken"),
}


def words(message: EmailMessage) -> str:
    return " ".join(message.get_content().split())


class SieveDeliveryContract:
    @pytest.fixture
    def world(self) -> SieveWorld:
        raise NotImplementedError

    def replies(self, world: SieveWorld, sender: str = CITIZEN) -> list[EmailMessage]:
        found = map(parsed, world.server.inbox(sender))
        return [each for each in found if each["Auto-Submitted"]]

    def write(self, world: SieveWorld, sender: str = CITIZEN, to: str = "", **fields: str) -> None:
        self.count = getattr(self, "count", 0) + 1
        fields.setdefault("message_id", f"<{self.count}.{world.number}@test.example>")
        world.server.deliver(world.anna, mail(sender, to or world.anna, **fields), sender)

    def away(self, world: SieveWorld, **changes: object) -> AutoReply:
        addresses = (world.anna, world.anna.replace("@", ".berg@"))
        reply = replace(AWAY, addresses=addresses, **changes)  # type: ignore[arg-type]
        return replace(reply, version=f"{reply.version}.{world.number}")

    def test_the_reply_once_for_each_sender_and_version(self, world: SieveWorld) -> None:
        replies = SieveAutoReplies(world.scripts)
        replies.install(world.anna, self.away(world))
        self.write(world)
        self.write(world)
        (reply,) = self.replies(world)
        assert words(reply) == " ".join(AWAY.external_text.split())
        assert reply["Auto-Submitted"].startswith("auto-replied")
        assert "Frånvaro" in reply["Subject"]
        assert reply["In-Reply-To"]
        assert max(map(len, reply.as_bytes().splitlines())) < 998
        assert len(world.server.inbox(world.anna)) == 2, "the originals stay"
        replies.install(world.anna, self.away(world, external_text="Ny text.", version="B7KQ-2M9X-2"))
        self.write(world)
        self.write(world)
        assert [words(each) for each in self.replies(world)][1:] == ["Ny text."]

    def test_colleagues_get_the_internal_text(self, world: SieveWorld) -> None:
        SieveAutoReplies(world.scripts).install(world.anna, self.away(world))
        self.write(world, COLLEAGUE)
        assert [words(each) for each in self.replies(world, COLLEAGUE)] == [AWAY.internal_text]

    def test_nobody_outside_is_answered_where_only_colleagues_are(self, world: SieveWorld) -> None:
        SieveAutoReplies(world.scripts).install(world.anna, self.away(world, audience="none"))
        self.write(world)
        self.write(world, COLLEAGUE)
        assert (len(self.replies(world)), len(self.replies(world, COLLEAGUE))) == (0, 1)

    @pytest.mark.parametrize("hours", [(-48, -1), (1, 48)])
    def test_nothing_outside_the_window(self, world: SieveWorld, hours: tuple[int, int]) -> None:
        start, end = (NOW + timedelta(hours=each) for each in hours)
        SieveAutoReplies(world.scripts).install(world.anna, self.away(world, starts_at=start, ends_at=end))
        SieveForwardRules(world.scripts).install(world.anna, COLLEAGUE, starts_at=start, ends_at=end)
        self.write(world)
        assert self.replies(world) == []
        assert world.server.inbox(COLLEAGUE) == []

    def test_mail_to_an_alias_is_answered(self, world: SieveWorld) -> None:
        SieveAutoReplies(world.scripts).install(world.anna, self.away(world))
        self.write(world, to=world.anna.replace("@", ".berg@"))
        assert len(self.replies(world)) == 1

    @pytest.mark.parametrize(
        "sender, fields",
        [
            (CITIZEN, {"Auto_Submitted": "auto-generated"}),
            (CITIZEN, {"Precedence": "bulk"}),
            (CITIZEN, {"List_Id": "<nyheter.medborgare.example>"}),
            (CITIZEN, {"List_Unsubscribe": "<mailto:x@medborgare.example>"}),
            (CITIZEN, {"X_Auto_Response_Suppress": "All"}),
            (CITIZEN, {"to": "nagon-annan@bjurholm.example"}),
            ("noreply@medborgare.example", {}),
            ("No-Reply-1@medborgare.example", {}),
            ("mailbot@bjurholm.example", {}),
        ],
    )
    def test_never_answered(self, world: SieveWorld, sender: str, fields: dict[str, str]) -> None:
        SieveAutoReplies(world.scripts).install(world.anna, self.away(world))
        self.write(world, sender, **fields)
        assert self.replies(world, sender) == []
        assert len(world.server.inbox(world.anna)) == 1

    def test_bounces_are_not_answered(self, world: SieveWorld) -> None:
        SieveAutoReplies(world.scripts).install(world.anna, self.away(world))
        world.server.deliver(world.anna, mail(CITIZEN, world.anna), "")
        assert self.replies(world) == []

    def test_a_copy_is_forwarded_and_the_original_stays(self, world: SieveWorld) -> None:
        SieveAutoReplies(world.scripts).install(world.anna, self.away(world))
        SieveForwardRules(world.scripts).install(world.anna, COLLEAGUE, starts_at=AWAY.starts_at, ends_at=AWAY.ends_at)
        self.write(world)
        self.write(world, "mailbot@bjurholm.example")
        (copy,) = map(parsed, world.server.inbox(COLLEAGUE))
        assert copy["From"] == CITIZEN
        assert len(world.server.inbox(world.anna)) == 2
        assert len(self.replies(world)) == 1

    @pytest.mark.parametrize("script", HARMLESS.values(), ids=HARMLESS)
    def test_own_scripts_run_after_ours_and_come_back(self, world: SieveWorld, script: str) -> None:
        world.save("eget", script, active=True)
        world.save("annat", "keep;\r\n")
        before = world.everything()
        replies = SieveAutoReplies(world.scripts)
        token = replies.keep(world.anna)
        replies.install(world.anna, self.away(world))
        SieveForwardRules(world.scripts).install(world.anna, COLLEAGUE)
        self.write(world)
        assert len(self.replies(world)) == 1
        assert len(world.server.inbox(COLLEAGUE)) == 1
        assert len(world.server.inbox(world.anna)) == 1
        SieveForwardRules(world.scripts).remove(world.anna, COLLEAGUE)
        replies.restore(world.anna, token)
        assert world.everything() == before

    def test_own_rules_still_work(self, world: SieveWorld) -> None:
        world.save("eget", 'if header :contains "subject" "bygglov" { discard; }\r\n', active=True)
        SieveAutoReplies(world.scripts).install(world.anna, self.away(world))
        self.write(world)
        assert world.server.inbox(world.anna) == [], "their rule discards it"
        assert len(self.replies(world)) == 1

    @pytest.mark.parametrize("script, reason, proposed", AGAINST.values(), ids=AGAINST)
    def test_what_stands_against_it(self, world: SieveWorld, script: str, reason: str, proposed: bool) -> None:
        world.save("eget", "keep;\r\n")
        world.save("eget", script, active=True)
        before = world.everything()
        replies = SieveAutoReplies(world.scripts)
        token = replies.keep(world.anna)
        with pytest.raises(OwnRulesConflict) as caught:
            replies.install(world.anna, self.away(world))
        assert (caught.value.reason, caught.value.proposal is not None) == (reason, proposed)
        assert world.everything() == before
        if caught.value.proposal is None:
            return
        replies.install(world.anna, self.away(world), accepted=caught.value.proposal)
        replies.install(world.anna, self.away(world, version="next"))  # what was said once holds
        self.write(world)
        assert [words(each)[:12] for each in self.replies(world)] == ["Jag är inte "]
        replies.restore(world.anna, token)
        assert world.everything() == before

    def test_a_reply_in_an_included_script(self, world: SieveWorld) -> None:
        world.save("semester", 'require ["vacation"];\r\nvacation "egen";\r\n')
        world.save("eget", 'require ["include"];\r\ninclude "semester";\r\n', active=True)
        with pytest.raises(OwnRulesConflict) as caught:
            SieveAutoReplies(world.scripts).install(world.anna, self.away(world))
        assert (caught.value.reason, caught.value.rules, caught.value.proposal) == ("own_reply", "semester", None)

    def test_own_rules_changed_meanwhile(self, world: SieveWorld) -> None:
        world.save("eget", "keep;\r\n", active=True)
        replies = SieveAutoReplies(world.scripts)
        replies.install(world.anna, self.away(world))
        world.save("eget", 'require ["vacation"];\r\nvacation "egen";\r\n')
        assert replies.read(world.anna).hindered_by == "own_reply"
        with pytest.raises(OwnRulesConflict):
            replies.install(world.anna, self.away(world))

    def test_another_script_switched_on_by_hand(self, world: SieveWorld) -> None:
        world.save("eget", "keep;\r\n", active=True)
        world.save("annat", "# annat\r\nkeep;\r\n")
        replies = SieveAutoReplies(world.scripts)
        token = replies.keep(world.anna)
        replies.install(world.anna, self.away(world))
        with world.connect(world.anna) as person:
            person.set_active("annat")
        assert not replies.read(world.anna).enabled
        replies.install(world.anna, self.away(world))
        assert replies.read(world.anna) == self.away(world)
        replies.restore(world.anna, token)
        scripts, active = world.everything()
        assert (sorted(scripts), active) == (["annat", "eget"], "annat"), "what the person chose last"

    def test_our_script_edited_by_hand_is_put_right(self, world: SieveWorld) -> None:
        replies = SieveAutoReplies(world.scripts)
        replies.install(world.anna, self.away(world))
        scripts, active = world.everything()
        assert active is not None
        world.save(active, scripts[active].replace(b"1234", b"9999"))
        assert replies.read(world.anna) != self.away(world)
        replies.install(world.anna, self.away(world))
        assert world.everything() == (scripts, active)

    @pytest.mark.parametrize("name", ["mailbot-absence", "Mailbot-Absence", "mailbot-absence-own"])
    def test_a_name_that_is_taken(self, world: SieveWorld, name: str) -> None:
        world.save(name, "keep;\r\n", active=True)
        before = world.everything()
        replies = SieveAutoReplies(world.scripts)
        token = replies.keep(world.anna)
        replies.install(world.anna, self.away(world))
        assert world.everything()[0][name] == b"keep;\r\n"
        self.write(world)
        assert len(self.replies(world)) == 1
        replies.restore(world.anna, token)
        assert world.everything() == before

    def test_a_script_deleted_meanwhile(self, world: SieveWorld) -> None:
        world.save("eget", "keep;\r\n", active=True)
        replies = SieveAutoReplies(world.scripts)
        token = replies.keep(world.anna)
        replies.install(world.anna, self.away(world))
        with world.connect(world.anna) as person:
            person.delete_script("eget")
        self.write(world)
        assert len(self.replies(world)) == 1
        replies.install(world.anna, self.away(world, version="next"))
        replies.restore(world.anna, token)
        assert world.everything() == ({}, None)

    def test_killed_at_any_command(self, world: SieveWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        """After each the person has a script that works: theirs, or the pair; and a further attempt ends right."""
        world.save("eget", 'require ["vacation"];\r\nvacation "egen semester";\r\n', active=True)
        before = world.everything()
        replies = SieveAutoReplies(world.scripts)
        token = replies.keep(world.anna)
        with pytest.raises(OwnRulesConflict) as caught:
            replies.install(world.anna, self.away(world))
        accepted = caught.value.proposal

        def install() -> None:
            replies.install(world.anna, self.away(world), accepted=accepted)

        def longer() -> None:
            replies.install(world.anna, self.away(world, version="2", external_text="längre"))

        steps = [install, longer, lambda: SieveForwardRules(world.scripts).install(world.anna, COLLEAGUE)]
        steps += [lambda: SieveForwardRules(world.scripts).remove(world.anna, COLLEAGUE)]
        steps += [lambda: replies.restore(world.anna, token)]
        killed = 0
        for step in steps:
            for at in range(40):
                if not _killed(monkeypatch, at, step):
                    break
                killed += 1
                scripts, active = world.everything()
                assert active is not None
                assert scripts["eget"] == before[0]["eget"]
                for include in re.findall(rb'include :personal :optional "([^"]+)"', scripts[active]):
                    assert include.decode() in scripts
        assert killed > 20
        assert world.everything() == before


class Killed(BaseException):
    """The process ends here."""


def _killed(monkeypatch: pytest.MonkeyPatch, at: int, step: Callable[[], None]) -> bool:
    """Whether the process died before its command number `at`; counted are commands after the login."""
    said = iter(range(10_000))
    talk = SieveConnection._talk

    def dying(connection: SieveConnection, name: str, *arguments: bytes) -> object:
        if name not in ("AUTHENTICATE", "STARTTLS", "LOGOUT") and next(said) == at:
            connection._hang_up()
            raise Killed
        return talk(connection, name, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(SieveConnection, "_talk", dying)
        try:
            step()
        except Killed:
            return True
    return False
