"""`mailbot config`: the interview in a pipe and by options, and the list of problems."""

import os
import stat
import subprocess
import sys

import pytest

from mailbot.cli.config import init
from mailbot.config.load import load
from mailbot.config.texts import catalogue
from mailbot.secrets import REFERENCE_KEY, Account, Secrets
from tests.config.base import CONFIG, write
from tests.config.running import ADDRESSES, INIT, installed, maildirs, run

ANSWERS = """\
Byns kommun
bjurholm
by
by.example

mail.by.example
mail/{address}


ks



Eva Lind <eva@by.example>


Karin Ek <karin@by.example>
Ida Tapper <it@by.example>
idatap


nej


"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MAILBOT_CONFIG", raising=False)
    monkeypatch.setenv("LANG", "sv_SE.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# --- check ------------------------------------------------------------------------------------------------------------


def test_check_lists_every_problem_and_exits_with_1(tmp_path):
    path = write(tmp_path, CONFIG.replace('unit = "mbn"', 'unit = "mnb"').replace('"it@by.example"', '"it"'))
    ran = run("--config", path, "config", "check")
    assert ran.status == 1
    assert "  - operator: 'it' is no mail address" in ran.out
    assert "  - mailboxes[1].unit: there is no unit 'mnb'; did you mean 'mbn'?" in ran.out


def test_check_as_json(tmp_path):
    path = write(tmp_path)
    assert run("config", "check", "--json", "--config", path).json == {"file": str(path), "ok": True, "problems": []}
    write(tmp_path, CONFIG.replace('unit = "mbn"', 'unit = "mnb"'))
    ran = run("config", "check", "--json", "--config", path)
    assert (ran.status, ran.json["ok"], len(ran.json["problems"])) == (1, False, 1)


def test_check_without_a_configuration_exits_with_2(tmp_path):
    ran = run("config", "check", "--config", tmp_path / "missing.toml")
    assert (ran.status, ran.out) == (2, "")
    assert "`mailbot config init` writes one" in ran.err


# --- init -------------------------------------------------------------------------------------------------------------


def test_the_interview_works_in_a_pipe_and_leaves_what_doctor_accepts(tmp_path):
    ran = run("config", "init", stdin=ANSWERS)
    assert ran.status == 0, ran.err
    assert "”by” är ingen e-postdomän" in ran.out
    assert f"e-postmappen {tmp_path}/mail/kommunen@by.example finns inte ännu" in ran.out
    maildirs(tmp_path)
    assert run("config", "check").status == 0
    ran = run("doctor", "--json")
    assert ran.status == 0
    assert [check for check in ran.json["checks"] if check["status"] == "problem"] == []


@pytest.mark.parametrize("language", ["sv", "nb", "en"])
def test_options_alone_leave_what_doctor_accepts(tmp_path, language):
    path = tmp_path / "etc" / "mailbot.toml"
    assert run("--config", path, *INIT, "--lang", language).status == 0
    maildirs(tmp_path / "etc", (*ADDRESSES, "postmottak@by.example"))
    assert run("doctor", "--config", path, "--json").json["ok"] is True


def test_every_question_is_an_option_too():
    questions = {
        key.partition(".")[2] for key in catalogue("mailbot.config", "interview_texts", "en") if "question." in key
    }
    options = {option.removeprefix("--") for parameter in init.params for option in parameter.opts}
    assert questions - options == {"unit-more", "unit-name"}  # --unit ID=NAME, as often as wanted


def test_what_it_writes_is_private_and_in_observe_mode(tmp_path):
    config = load(installed(tmp_path))
    assert config.mode == "observe"
    for name in ("config.toml", "people.toml"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "mailbot.db").stat().st_mode) == 0o600
    assert len(Secrets(tmp_path / "secrets").reference_key()) == 32


def test_the_value_of_the_reference_key_is_not_shown(tmp_path):
    ran = run(*INIT)
    assert Secrets(tmp_path / "secrets").get(REFERENCE_KEY) not in ran.out + ran.err


def test_nothing_is_overwritten_without_force(tmp_path):
    installed(tmp_path)
    (tmp_path / "config.toml").write_text("mine")
    key = Secrets(tmp_path / "secrets").get(REFERENCE_KEY)
    ran = run(*INIT)
    assert ran.status == 2
    assert "would be overwritten; use --force" in ran.err
    assert (tmp_path / "config.toml").read_text() == "mine"
    ran = run(*INIT, "--force")
    assert ran.status == 0
    assert "is kept" in ran.out
    assert Secrets(tmp_path / "secrets").get(REFERENCE_KEY) == key


def test_the_questions_come_only_after_it_is_clear_that_nothing_is_overwritten(tmp_path):
    (tmp_path / "people.toml").touch()
    ran = run("config", "init", stdin=ANSWERS)
    assert (ran.status, ran.out) == (2, "")


@pytest.mark.parametrize("lines", range(0, ANSWERS.count("\n"), 4))
def test_an_interview_that_breaks_off_leaves_nothing(tmp_path, lines):
    """The end of a pipe ends it just as Ctrl-C does."""
    ran = run("config", "init", stdin="".join(ANSWERS.splitlines(keepends=True)[:lines]))
    assert ran.status != 0
    assert "inget har ändrats" in ran.err
    assert names(tmp_path) == []


@pytest.mark.parametrize("step", ["mailbot.config.write.write_files", "mailbot.store.schema.upgrade"])
def test_an_installation_that_fails_half_way_leaves_nothing(tmp_path, monkeypatch, step):
    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(step, interrupted)
    ran = run(*INIT)
    assert "nothing was changed" in ran.err
    assert names(tmp_path) == []


def test_a_missing_option_is_told_before_anything_is_written(tmp_path):
    ran = run("config", "init", "--yes", "--name", "Byns kommun")
    assert ran.status == 2
    assert all(f"--{key}" in ran.err for key in ("domain", "registrar", "head", "operator"))
    assert names(tmp_path) == []


def test_options_that_do_not_fit_together_leave_nothing(tmp_path):
    ran = run(*INIT, "--service", "kommunen@by.example")
    assert ran.status == 2
    assert "the address 'kommunen@by.example' stands at" in ran.err
    assert names(tmp_path) == []


def test_a_real_process_with_a_real_pipe(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "mailbot", "config", "init"],
        input=ANSWERS, capture_output=True, encoding="utf-8", check=False, env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "Organisationens namn" in ran.stdout
    assert names(tmp_path) == ["config.toml", "mailbot.db", "people.toml", "secrets"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs two accounts")
def test_a_folder_in_which_the_service_could_not_write_is_told_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr("mailbot.cli.config.service_account_of", lambda config: Account("svc", 4711, 4711))
    told = run("--config", tmp_path / "config.toml", *INIT, "--lang", "en").out
    assert f"run `chown svc {tmp_path}`" in told
    elsewhere = run("--config", tmp_path / "config.toml", *INIT, "--force", "--database", "sqlite:///data/mailbot.db")
    assert "chown" not in elsewhere.out, "a folder of its own is made and given to the service"
