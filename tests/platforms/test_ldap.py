"""People from a real OpenLDAP server."""

import shutil
import socket
import tempfile
import threading
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.ldap.connection import LdapServer
from mailbot.platforms.ldap.directory import LdapDirectory
from mailbot.platforms.people import Person
from tests.servers.certificates import Authority
from tests.servers.fixtures import require_ldap
from tests.servers.processes import free_ports
from tests.servers.slapd import BASE, PASSWORD, PEOPLE, READER, Slapd, person
from tests.support.command import mailbot
from tests.support.town import Town

MANY = 1203  # more than two pages
_ENTRIES = (
    person(
        "Anna Ek",
        "displayName: Anna Ek",
        "mail: Anna.Ek@Bjurholm.example",
        "proxyAddresses: SMTP:Anna.Ek@bjurholm.example",
        "proxyAddresses: smtp:anna@bjurholm.example",
        "proxyAddresses: X500:/o=Bjurholm/cn=anna",
        "title: Handläggare",
        "department: Samhällsbyggnad",
        "telephoneNumber: 0930-140 10",
        "mobile: 070-140 10 10",
        "sAMAccountName: ANNEK01",
        f"manager: CN=Karin Ås, {PEOPLE}",
        "preferredLanguage: sv-SE",
        "userAccountControl: 512",
    ),
    person("Karin Ås", "mail: karin@bjurholm.example", "uid: karin", f"manager: cn=Karin Ås,{PEOPLE}"),
    person("Slutat", "mail: slutat@bjurholm.example", "userAccountControl: 514"),
    person("Utan adress"),
    person("Två rader", "mail: tva@bjurholm.example", "displayName:: VHbDpQpyYWRlcg=="),  # "Två\nrader"
    person("Konsult", "mail: konsult@firma.example", kind="contact"),
)
_CROWD = f"ou=Alla,{BASE}"


@pytest.fixture(scope="module")
def slapd() -> Iterator[Slapd]:
    require_ldap()
    folder = Path(tempfile.mkdtemp(prefix="mbl"))
    server = Slapd(folder / "s", Authority(folder / "tls"))
    crowd = f"dn: {_CROWD}\nobjectClass: organizationalUnit\nou: Alla\n"
    everybody = (person(f"P{n}", f"mail: p{n % 1200}@bjurholm.example", below=_CROWD) for n in range(MANY))
    server.start(*_ENTRIES, crowd, *everybody)
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def way_in(slapd: Slapd) -> LdapServer:
    return LdapServer(
        host="localhost",
        port=slapd.ports["ldaps"],
        tls="implicit",
        ca_file=slapd.ca_file,
        user=READER,
        secret=lambda: PASSWORD,
    )


def people(server: LdapServer, base: str = PEOPLE, filter_: str = "(mail=*)") -> list[Person]:
    return list(LdapDirectory(server, base, filter_).people())


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_who_has_an_address_and_an_account_in_use(slapd: Slapd, way_in: LdapServer, tls: str) -> None:
    port = slapd.ports["ldap" if tls == "starttls" else "ldaps"]
    anna, karin, two = sorted(people(replace(way_in, tls=tls, port=port)), key=lambda one: one.id)
    assert two.name == "Två rader"
    assert anna == Person(
        id="anna.ek",
        name="Anna Ek",
        email="anna.ek@bjurholm.example",
        title="Handläggare",
        department="Samhällsbyggnad",
        aliases=("anna@bjurholm.example",),
        phone="0930-140 10",
        mobile="070-140 10 10",
        login="annek01",
        manager="karin",
        language="sv",
    )
    assert karin == Person(id="karin", name="Karin Ås", email="karin@bjurholm.example", login="karin")


def test_a_large_directory_comes_page_by_page_and_ids_are_one_persons(way_in: LdapServer) -> None:
    found = people(way_in, _CROWD)
    assert len(found) == MANY == len({one.id for one in found})
    assert {"p0", "p02", "p1199"} <= {one.id for one in found}


def test_an_account_that_gets_only_a_part_is_told_of(way_in: LdapServer) -> None:
    with pytest.raises(PermanentError, match="only some of its entries"):
        people(replace(way_in, user=f"cn=limited,{BASE}"), _CROWD)


@pytest.mark.parametrize(
    ("changes", "base", "filter_", "words"),
    [
        ({"secret": lambda: "fel"}, PEOPLE, "(mail=*)", "refuses the login"),
        ({"user": ""}, PEOPLE, "(mail=*)", "refuses to be read"),
        ({"host": "127.0.0.1"}, PEOPLE, "(mail=*)", "made out to another name"),
        ({"ca_file": None}, PEOPLE, "(mail=*)", "signed by nobody trusted"),
        ({}, f"ou=Fattas,{BASE}", "(mail=*)", "check base"),
        ({}, "inget", "(mail=*)", "check base"),
        ({}, PEOPLE, "(mail=*", "no LDAP filter"),
    ],
)
def test_what_a_person_must_put_right(
    way_in: LdapServer, changes: dict[str, object], base: str, filter_: str, words: str
) -> None:
    with pytest.raises(PermanentError, match=words) as told:
        people(replace(way_in, **changes), base, filter_)  # type: ignore[arg-type]
    assert PASSWORD not in str(told.value) and READER not in str(told.value)


def test_a_certificate_is_verified_after_starttls_too(slapd: Slapd, way_in: LdapServer) -> None:
    with pytest.raises(PermanentError, match="signed by nobody trusted"):
        people(replace(way_in, tls="starttls", port=slapd.ports["ldap"], ca_file=None))


@pytest.mark.parametrize(
    "answer",
    [
        bytes.fromhex("300c02010178070a013404000400"),  # unavailable (RFC 4511 4.14.2)
        bytes.fromhex("300c02010178070a010004000400"),  # success, and then no TLS
        b"",
    ],
)
def test_a_server_that_will_not_encrypt_gets_no_password(way_in: LdapServer, answer: bytes) -> None:
    heard = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with listening.accept()[0] as link:
                heard.extend(link.recv(4096))
                link.sendall(answer)
                if answer:
                    heard.extend(link.recv(4096))

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises((TransientError, PermanentError)):
            people(replace(way_in, tls="starttls", port=listening.getsockname()[1]))
        thread.join(10)
    assert PASSWORD.encode() not in heard and READER.encode() not in heard


def test_a_server_that_is_not_there_is_tried_again_later(way_in: LdapServer) -> None:
    with pytest.raises(TransientError, match="no answer from the directory"):
        people(replace(way_in, port=free_ports(1)[0]))


def test_nobody_below_the_base_is_nobody(way_in: LdapServer) -> None:
    assert people(way_in, f"ou=Tom,{BASE}") == []


# --- what an administrator does with it ---


@pytest.fixture
def config_path(tmp_path: Path, slapd: Slapd) -> Path:
    town = Town(tmp_path)
    directory = f"""
[directory]
kind = "ldap"
host = "localhost"
port = {slapd.ports["ldaps"]}
ca_file = "{slapd.ca_file}"
user = "{READER}"
secret = "ldap"
base = "{PEOPLE}"
"""
    town.config_path.write_text(town.config_path.read_text() + directory)
    secret = town.root / "secrets" / "ldap"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    return town.config_path


def test_who_is_missing_in_the_people_file_is_printed_with_managers(config_path: Path) -> None:
    told = mailbot("person", "unlisted", "--config", config_path)
    entries = {entry["id"]: entry for entry in tomllib.loads(told.out)["people"]}
    taken = {person["id"] for person in mailbot("person", "list", "--json", "--config", config_path).rows}
    (karin,) = (one for one in entries.values() if one["email"] == "karin@bjurholm.example")
    assert not taken & entries.keys() and karin["id"] == "karin2"  # the town has another Karin
    assert entries["anna.ek"]["manager"] == "karin2"


def test_doctor_reads_the_directory_and_names_who_is_not_there(config_path: Path) -> None:
    told = mailbot("doctor", "--json", "--lang", "en", "--config", config_path)
    (found,) = [check for check in told.rows[0]["checks"] if check["name"] == "directory"]
    assert found["status"] == "warning" and "disabled there: " in found["message"] and "offboard" in found["remedy"]
    (config_path.parent / "secrets" / "ldap").write_text("fel")
    told = mailbot("doctor", "--json", "--lang", "en", "--config", config_path)
    (found,) = [check for check in told.rows[0]["checks"] if check["name"] == "directory"]
    assert found["status"] == "problem" and "refuses the login" in found["message"]


def test_without_a_directory_the_command_says_so(tmp_path: Path) -> None:
    told = mailbot("person", "unlisted", "--config", Town(tmp_path).config_path)
    assert told.status == 2 and "no [directory]" in told.err
