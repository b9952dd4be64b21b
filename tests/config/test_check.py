"""Every mistake is named by its key path, with what to do; all of them at once."""

import copy
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailbot.config.check import problems
from mailbot.config.load import build, load
from mailbot.config.refused import without_refused
from mailbot.errors import UserError
from tests.config.base import CONFIG, PEOPLE, write


def found(tmp_path, config=CONFIG, people=PEOPLE) -> tuple[str, ...]:
    with pytest.raises(UserError) as caught:
        load(write(tmp_path, config, people))
    return caught.value.problems


def test_the_base_has_no_problem(tmp_path):
    assert load(write(tmp_path)).service_mailbox.address == "mailbot@by.example"


# what stands in the configuration, what somebody writes instead, and the one problem that is told
CONFIG_MISTAKES = [
    ('operator = "it@by.example"', 'operator = ""', "operator: '' is no mail address"),
    ('operator = "it@by.example"', "", "operator: is missing"),
    ('operator = "it', 'operater = "x"\noperator = "it', "operater: unknown key 'operater', did you mean 'operator'?"),
    ('name = "Byns kommun"', 'name = " "', "organisation.name: is empty"),
    ('name = "Byns kommun"', 'name = "Byns\\nBcc: x"', "organisation.name: has a line break"),
    ('name = "Byns', 'timezone = "Europe/Stokholm"\nname = "Byns', "organisation.timezone: 'Europe/Stokholm' is no kn"),
    ('name = "Byns', 'profile = "bjurhulm"\nname = "Byns', "organisation.profile: unknown profile 'bjurhulm'; did you"),
    ('name = "Byns', 'authserv_id = ["x"]\nname = "Byns', "organisation.authserv_id: unknown key"),
    ('domains = ["by.example"]', 'domains = ["by.example", "BY.example"]', "organisation.domains[1]: the domain"),
    ('domains = ["by.example"]', 'domains = ["by.example", "räksmörgås.example"]', "write xn--"),
    ('domains = ["by.example"]', 'domains = ["by.example", "by"]', "organisation.domains[1]: 'by' is no mail domain"),
    ('hosts = ["mail.by.example"]', 'hosts = ["mail server"]', "organisation.mail_hosts[0]: 'mail server' is no host"),
    ('"sqlite:///mailbot.db"', '""', "paths.database: is empty"),
    ('secrets = "secrets"', 'secrets = ""', "paths.secrets: is empty"),
    ("mail/{address}", "", "servers.post.path: is empty"),
    ('name = "Kommunstyrelsen"', 'name = ""', "units[0].name: is empty"),
    ('id = "mbn"', 'id = ""', "units[1].id: is empty"),
    ('"kommunen@by.example"', '""', "mailboxes[0].address: is empty"),
    ('from = "formular@by.example"', 'from = ""', "web_forms[0].from: is empty"),
    ('"sqlite:///mailbot.db"', '"sqlite:///"', "paths.database: would be lost"),
    ('"sqlite:///mailbot.db"', '"/var/lib/mailbot.db"', "paths.database: '/var/lib/mailbot.db' is no database"),
    ('"sqlite:///mailbot.db"', '"postgresql://u:hemligt@h/d"', "paths.database: holds a password; secrets belong in"),
    ('passes = ["07:00", "12:30"]', 'passes = ["12:30", "07:00"]', 'schedule.passes: must rise through the day; write'),
    ('passes = ["07:00", "12:30"]', 'passes = ["07:00", "07:00"]', "schedule.passes: must rise"),
    ('passes = ["07:00", "12:30"]', "passes = []", "schedule.passes: is empty"),
    ('passes = ["07:00", "12:30"]', 'passes = ["7"]', 'schedule.passes[0]: is "7", but a local time of day'),
    ('passes = ["07:00"', 'workers = 0\npasses = ["07:00"', "schedule.workers: is 0; write 1 to 64"),
    ('passes = ["07:00"', 'poll_minutes = 0\npasses = ["07:00"', "schedule.poll_minutes: is 0; write 1 to 1440"),
    ('administration = ["karin"]', 'administration = ["karim"]', "the id 'karim'; did you mean 'karin'?"),
    ('administration = ["karin"]', 'administration = ["karin@by.example"]', "did you mean 'karin'?"),
    ('administration = ["karin"]', 'administration = "karin"', "roles.head_of_administration: is \"karin\", but a lis"),
    ('administration = ["karin"]', 'administration = ["ida"]', "the address of 'ida' is outside organisation.domains"),
    ('administrators = ["ida"]', 'administrators = ["ida", "ida"]', "roles.administrators[1]: the person 'ida' stands"),
    ('switchboard = "vaxel@by.example"', 'switchboard = "vaxel"', "roles.switchboard: 'vaxel' is no mail address"),
    ('id = "ks"', 'id = "k s"', "units[0].id: 'k s' is no id"),
    ('id = "mbn"', 'id = "KS"', "units[1].id: the unit id 'KS' stands at units[0].id already"),
    ('registrars = ["eva", "karin"]', 'registrars = ["eve", "karin"]', "units[0].registrars[0]: nobody in the people"),
    ('mail_officers = ["eva"]', 'mail_officers = ["ida"]', "units[0].mail_officers[0]: the address of 'ida' is outsid"),
    ("'KS[ -]", "'KS[ -", "units[0].diary_pattern: is no regular expression"),
    ("'KS[ -]\\d{4}/\\d+'", "'(\\d+)+x'", "units[0].diary_pattern: repeats a repetition"),
    ("'KS[ -]\\d{4}/\\d+'", "'\\d*'", "units[0].diary_pattern: matches everywhere"),
    ('kind = "maildir"', 'kind = "pop3"', "servers.post.kind: 'pop3' is not available in this version; maildir and"),
    ('kind = "maildir"', 'kind = "pop3"\ntenant = "t"', "servers.post.kind: 'pop3' is not available"),
    ('kind = "maildir"', "kind = 3", "servers.post.kind: '3' is not available"),
    ('kind = "maildir"', "", "servers.post.kind: is missing"),
    ("mail/{address}", "mail/{adress}", "servers.post.path: {adress} is no placeholder; known are {address}, {user}"),
    ("mail/{address}", "mail/{address", "servers.post.path: has a single brace"),
    ("mail/{address}", "mail/all", "servers.post.path: kommunen@by.example and eva@by.example would share the folder"),
    ('kommunen@by.example"', 'kommunen@bv.example"', "'kommunen@bv.example' is outside organisation.domains (by.examp"),
    ('kommunen@by.example"', 'kommunen"', "mailboxes[0].address: 'kommunen' is no mail address"),
    ('kommunen@by.example"', '../kommunen@by.example"', "mailboxes[0].address: '../kommunen@by.example' is no mail"),
    ('kommunen@by.example"', 'EVA@by.example"', "mailboxes[1].address: the address 'eva@by.example' stands at mailbox"),
    ('kommunen@by.example"', 'kommunen@by.example"\naliases = ["eva@by.example"]', "mailboxes[0].aliases[0]: the addr"),
    ('unit = "mbn"', 'unit = "mnb"', "mailboxes[1].unit: there is no unit 'mnb'; did you mean 'mbn'?"),
    ('unit = "ks"\n', "", "mailboxes[0].unit: is missing, and it decides who registers and answers; write one of ks,"),
    ('server = "post"\nrole = "auth', 'server = "pst"\nrole = "auth', "there is no [servers.pst]; did you mean 'post'"),
    ('role = "personal"', 'role = "private"', 'mailboxes[1].role: is "private"; write "authority" or'),
    ('role = "personal"', 'role = "personal"\nread = "all"', 'mailboxes[1].read: is "all"; write "headers" or "full"'),
    ('role = "personal"', 'role = "service"', "mailboxes[2].role: is a second service mailbox beside eva@by.example"),
    ('role = "service"', 'role = "function"\nunit = "ks"', 'mailboxes: none has role = "service"'),
    ('role = "service"', 'role = "service"\nread = "headers"', "mailboxes[2].read: people's answers to mailbot must b"),
    ('from = "formular@by.example"', 'from = "formular"', "web_forms[0].from: 'formular' is no mail address"),
    ('from = "formular@by.example"', 'from = "a@b.se"\n[[web_forms]]\nfrom = "A@b.se"', "web_forms[1].from: the form"),
    ('[[web_forms]]', '[policy.reply]\nworking_dayz = 3\n[[web_forms]]', "policy.reply.working_dayz: unknown key"),
    ('[[web_forms]]', '[policy.reply]\nworking_days = "3"\n[[web_forms]]', "policy.reply.working_days: is "),
    ('[[web_forms]]', '[smtp]\nhost = "x"\n[[web_forms]]', "smtp: unknown key 'smtp'"),
    ('operator = "it', 'start_from = "i går"\noperator = "it', 'start_from: is "i går", but a date is expected'),
    ('operator = "it', 'mode = "enforced"\noperator = "it', 'mode: is "enforced"; write "observe" or "enforce"'),
]  # fmt: skip

PEOPLE_MISTAKES = [
    ('id = "karin"', 'id = "EVA"', "people[1].id: the person id 'EVA' stands at people[0].id already"),
    ('id = "ida"', 'id = "ida t"', "people[2].id: 'ida t' is no id"),
    ('name = "Eva Lind"', "", "people[0].name: is missing"),
    ('name = "Eva Lind"', 'name = ""', "people[0].name: is empty"),
    ('"eva@by.example"', '""', "people[0].email: is empty"),
    ('id = "ida"', 'id = ""', "people[2].id: is empty"),
    ('"eva@by.example"', '"eva"', "people[0].email: 'eva' is no mail address"),
    ('"ida@leverantor.example"', '"Kommunchef@by.example"', "people[2].email: the address 'Kommunchef@by.example' sta"),
    ('"idatap"', '"evalin"', "people[2].login: the login 'evalin' stands at people[0].login already"),
    ('"idatap"', '"ida tapper"', "people[2].login: has a space"),
    ('manager = "karin"', 'manager = "karn"', "people[0].manager: nobody in the people file has the id 'karn'; did yo"),
    ('manager = "karin"', 'manager = "eva"', "people[0].manager: goes in a circle (eva - eva)"),
    ('back = "2026-08-03"', 'back = "2026-07-01"', "people[1].absences[0].back: 2026-07-01 is not after 2026-07-01"),
    ('back = "2026-08-03"', 'till = "2026-08-03"', "people[1].absences[0].till: unknown key"),
    ('login = "idatap"', '"lösenord" = "hemligt"', "people[2].lösenord: secrets belong in `mailbot secret set`"),
    ('login = "idatap"', 'language = "no"', 'people[2].language: is "no"; write "sv" or "nb" or "en"'),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "problem"), CONFIG_MISTAKES)
def test_a_mistake_in_the_configuration_is_told(tmp_path, right, wrong, problem):
    assert right in CONFIG
    told = found(tmp_path, CONFIG.replace(right, wrong, 1))
    assert any(problem in text for text in told), told


@pytest.mark.parametrize(("right", "wrong", "problem"), PEOPLE_MISTAKES)
def test_a_mistake_in_the_people_file_is_told(tmp_path, right, wrong, problem):
    assert right in PEOPLE
    told = found(tmp_path, people=PEOPLE.replace(right, wrong, 1))
    assert any(problem in text for text in told), told


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('kind = "maildir"', 'kind = "pop3"\ntenant = "t"'),
        ("mail/{address}", "mail/{adress}"),
        ('unit = "mbn"', 'unit = "mnb"'),
        ('id = "mbn"', 'password = "hemligt"\nid = "mbn"'),
        ('role = "personal"', 'role = "private"'),
    ],
)
def test_one_mistake_is_one_problem(tmp_path, right, wrong):
    """A mistake must not drag along complaints about what depends on it."""
    assert len(found(tmp_path, CONFIG.replace(right, wrong, 1))) == 1


def test_all_problems_of_both_files_come_at_once(tmp_path):
    config = CONFIG
    kept = [pair for pair in CONFIG_MISTAKES if config.count(pair[0]) == 1]
    chosen = [kept[0], *(p for p in kept if p[0].startswith(('passes = ["07:00", ', "switchboard", "'KS", "mail/")))]
    told_of = {}
    for right, wrong, problem in chosen:
        if right in config:
            config = config.replace(right, wrong, 1)
            told_of[right] = problem
    people = PEOPLE.replace('"idatap"', '"evalin"').replace('name = "Eva Lind"', "")
    told = found(tmp_path, config, people)
    assert len(told_of) >= 4
    for problem in [*told_of.values(), "people[2].login: the login", "people[0].name: is missing"]:
        assert any(problem in text for text in told), (problem, told)


def test_a_wrong_type_does_not_hide_other_mistakes_of_the_same_table(tmp_path):
    config = CONFIG.replace('role = "personal"', 'role = "private"').replace('unit = "mbn"', 'unit = "mnb"')
    told = found(tmp_path, config)
    assert [text.partition(":")[0] for text in told] == ["mailboxes[1].unit", "mailboxes[1].role"]


@pytest.mark.parametrize(
    "key", ["password", "smtp_password", "passwd", "token", "api_key", "client_secret", "passphrase"]
)
def test_a_key_that_looks_like_a_secret_is_refused_without_showing_it(tmp_path, key):
    told = found(tmp_path, CONFIG.replace('kind = "maildir"', f'kind = "maildir"\n{key} = "S3kret!"'))
    assert told == (f"servers.post.{key}: secrets belong in `mailbot secret set`; take the line out of the file",)


def test_a_password_in_the_database_url_is_not_shown(tmp_path):
    config = CONFIG.replace("sqlite:///mailbot.db", "postgresql://mailbot:S3kret!@db/mailbot")
    assert "S3kret" not in "\n".join(found(tmp_path, config))


def test_the_only_unit_need_not_be_named(tmp_path):
    one_unit = CONFIG.replace('\n[[units]]\nid = "mbn"\nname = "Miljönämnden"\nregistrars = ["eva"]\n', "")
    config = load(write(tmp_path, one_unit.replace('unit = "ks"\n', "").replace('unit = "mbn"\n', "")))
    assert [mailbox.unit for mailbox in config.mailboxes] == ["ks", "ks", ""]


TABLES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
ORIGINAL = (tomllib.loads(CONFIG), tomllib.loads(PEOPLE))
PLACES = [
    *((0, *path) for path in (
        ("operator",), ("organisation",), ("organisation", "domains"), ("organisation", "profile"), ("paths",),
        ("paths", "database"), ("schedule", "passes"), ("roles", "administrators"), ("units",), ("units", 0),
        ("units", 0, "id"), ("units", 0, "diary_pattern"), ("servers",), ("servers", "post"),
        ("servers", "post", "kind"), ("servers", "post", "path"),
        ("mailboxes",), ("mailboxes", 0), ("mailboxes", 0, "address"), ("mailboxes", 1, "role"), ("policy",),
    )),
    *((1, *path) for path in (
        ("people",), ("people", 0), ("people", 0, "id"), ("people", 0, "manager"), ("people", 1, "absences"),
        ("people", 1, "absences", 0), ("people", 1, "absences", 0, "back"), ("people", 1, "aliases"),
    )),
]  # fmt: skip
KEYS = st.sampled_from(
    ["operator", "organisation", "paths", "schedule", "roles", "units", "servers", "mailboxes", "web_forms", "people"]
)


#: how quickly values are made says how busy the machine is, nothing about what is tested
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@PATIENT
@given(st.dictionaries(KEYS, TABLES), st.dictionaries(KEYS, TABLES))
def test_tables_of_any_shape_are_checked_without_a_crash(raw, people):
    assert all(isinstance(problem, str) for problem in problems(raw, people))
    without_refused(raw)


@PATIENT
@given(st.sampled_from(PLACES), TABLES)
def test_any_value_anywhere_is_a_configuration_or_a_list_of_problems(place, value):
    tables = copy.deepcopy(ORIGINAL)
    *way, last = place
    where = tables
    for step in way:
        where = where[step]
    if value is None or where is tables:
        return
    where[last] = value
    try:
        build(*tables, Path("/etc/mailbot/config.toml"))
    except UserError as error:
        assert error.problems


def everybody(manager_of) -> dict[str, object]:
    count = 5000
    people = [
        {"id": f"p{n}", "name": f"P {n}", "email": f"p{n}@by.example", "manager": manager_of(n)} for n in range(count)
    ]
    return {"people": people}


@pytest.mark.parametrize(
    ("manager_of", "told"),
    [
        (lambda n: f"p{n - 1}" if n else "", 0),  # one long chain
        (lambda n: f"p{(n + 1) % 5000}", 1),  # one large circle
        (lambda n: f"p{n}@by.example", 5000),  # addresses instead of ids
        (lambda n: f"nobody{n}", 5000),
    ],
)
def test_a_large_municipality_is_checked_whole(manager_of, told):
    found_now = problems(ORIGINAL[0] | {"units": [], "roles": {}}, everybody(manager_of))
    assert sum(".manager: " in text for text in found_now) == told


def test_a_circle_is_told_once_wherever_one_enters_it(tmp_path):
    people = PEOPLE.replace('name = "Karin Ek"', 'name = "Karin Ek"\nmanager = "ida"')
    people = people.replace('login = "idatap"', 'manager = "karin"')
    assert found(tmp_path, people=people) == (
        "people[1].manager: goes in a circle (karin - ida - karin); take one out",
    )


def test_deep_nesting_is_a_problem_like_any_other(tmp_path):
    told = found(tmp_path, f"deep = {'[' * 200}{']' * 200}\n" + CONFIG)
    assert [problem.partition(",")[0] for problem in told] == ["deep: unknown key 'deep'"]
