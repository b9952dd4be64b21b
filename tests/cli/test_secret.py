"""`mailbot secret`: values come from a pipe or unseen, and are never shown."""

import os
import tempfile
from pathlib import Path

import pytest

from mailbot.secrets import REFERENCE_KEY, Secrets, new_reference_key
from tests.config.running import installed, run

VALUE = "S3kret! åäö"


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


@pytest.fixture
def config(tmp_path):
    return installed(tmp_path)


@pytest.fixture
def open_folder():
    """A folder whose parents, unlike pytest's, other accounts may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def secrets(config):
    return Secrets(config.parent / "secrets")


def test_a_value_from_a_pipe_is_kept_without_its_line_end(config, secrets):
    ran = run("secret", "set", "post", "--config", config, stdin=VALUE + "\n")
    assert ran.status == 0
    assert secrets.get("post") == VALUE
    assert VALUE not in ran.out + ran.err


@pytest.mark.parametrize("stdin", [b"", b"\n", b"\xff\xfeS3kret", b"x" * (1 << 20) + b"y"])
def test_an_unusable_value_changes_nothing_and_is_not_shown(config, secrets, stdin):
    ran = run("secret", "set", "post", "--config", config, stdin=stdin)
    assert ran.status == 2
    assert "S3kret" not in ran.err
    assert secrets.where("post") is None


def test_a_value_as_an_argument_is_no_usage(config):
    assert run("secret", "set", "post", VALUE, "--config", config).status == 2


def test_the_reference_key_is_generated_once(config, secrets):
    before = secrets.get(REFERENCE_KEY)
    ran = run("secret", "set", REFERENCE_KEY, "--generate", "--config", config)
    assert ran.status == 2
    assert "no longer recognises its own mail" in ran.err
    assert secrets.get(REFERENCE_KEY) == before
    ran = run("secret", "set", REFERENCE_KEY, "--generate", "--force", "--config", config)
    assert ran.status == 0
    assert secrets.get(REFERENCE_KEY) != before
    assert secrets.get(REFERENCE_KEY) not in ran.out


def test_a_reference_key_from_a_backup_is_restored(config, secrets):
    secrets.delete(REFERENCE_KEY)
    key = new_reference_key()
    assert run("secret", "set", REFERENCE_KEY, "--config", config, stdin=f"{key}\n").status == 0
    assert secrets.get(REFERENCE_KEY) == key


def test_only_the_reference_key_can_be_generated(config):
    assert run("secret", "set", "post", "--generate", "--config", config).status == 2


def test_check_tells_where_but_never_what(config, secrets):
    ran = run("secret", "check", "--config", config)
    assert ran.status == 0
    assert str(secrets.folder / REFERENCE_KEY) in ran.out
    assert secrets.get(REFERENCE_KEY) not in ran.out


def test_check_finds_missing_and_unsafe_secrets(config, secrets):
    secrets.set("post", VALUE).chmod(0o644)
    ran = run("secret", "check", "post", "other", "--json", "--config", config)
    assert ran.status == 1
    assert [(row["name"], row["ok"]) for row in ran.json["secrets"]] == [("post", False), ("other", False)]
    assert "chmod 600" in ran.json["secrets"][0]["problem"]
    assert VALUE not in ran.out


def test_a_mistyped_reference_key_is_a_finding(config, secrets):
    (secrets.folder / REFERENCE_KEY).write_text("S3kret")
    ran = run("secret", "check", "--config", config)
    assert ran.status == 1
    assert "32 bytes" in ran.out
    assert "S3kret" not in ran.out


def test_delete(config, secrets):
    secrets.set("post", VALUE)
    assert run("secret", "delete", "post", "--config", config).status == 0
    assert secrets.where("post") is None
    assert run("secret", "delete", "post", "--config", config).status == 2


def test_the_reference_key_is_deleted_only_by_force(config, secrets):
    assert run("secret", "delete", REFERENCE_KEY, "--config", config).status == 2
    assert secrets.where(REFERENCE_KEY) is not None
    assert run("secret", "delete", REFERENCE_KEY, "--force", "--config", config).status == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs two accounts")
def test_another_account_than_the_service_is_refused_before_it_is_asked(open_folder):
    config = installed(open_folder)
    for path in (config, config.with_name("people.toml")):
        path.chmod(0o644)  # a user called mailbot, where there is one, would have them to itself
    os.chown(open_folder, 4711, 4711)
    os.seteuid(65534)
    try:
        ran = run("secret", "set", "post", "--config", config, stdin=VALUE)
    finally:
        os.seteuid(0)
    assert ran.status == 2
    assert "sudo -u 4711 mailbot secret" in ran.err
    assert not (open_folder / "secrets" / "post").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs two accounts")
def test_a_configuration_that_may_not_be_looked_at_names_the_remedy(open_folder):
    config = installed(open_folder)
    open_folder.chmod(0o700)
    os.seteuid(65534)
    try:
        ran = run("secret", "check", "--config", config)
    finally:
        os.seteuid(0)
    assert ran.status == 2
    assert "sudo -u mailbot mailbot" in ran.err
