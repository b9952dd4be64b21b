"""Where secrets are found, who may read them, and that they never show."""

import os
import stat
from pathlib import Path
from typing import Any, ClassVar

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailKeyring

from mailbot.errors import UserError
from mailbot.secrets import REFERENCE_KEY, Account, Secrets, new_reference_key, service_account

VALUE = "S3kret! åäö"


class MemoryKeyring(KeyringBackend):
    """A keyring that could encrypt."""

    priority: ClassVar[Any] = 1
    passwords: ClassVar[dict[tuple[str, str], str]] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.passwords[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.passwords[service, username]


class PlaintextKeyring(MemoryKeyring):
    """Named as the one of keyrings.alt, which anybody can read."""


class ChainerBackend(MemoryKeyring):
    @property
    def backends(self) -> list[KeyringBackend]:
        return [PlaintextKeyring(), MemoryKeyring()]


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setattr(MemoryKeyring, "passwords", {})
    before = keyring.get_keyring()
    keyring.set_keyring(FailKeyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "etc" / "secrets"


@pytest.fixture
def secrets(folder: Path) -> Secrets:
    return Secrets(folder)


def test_what_is_set_is_found_again_and_nobody_else_may_read_it(secrets, folder):
    path = secrets.set("post", VALUE)
    assert secrets.get("post") == VALUE
    assert secrets.where("post") == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == ["post"]


def test_setting_again_replaces(secrets):
    secrets.set("post", "old")
    secrets.set("post", VALUE)
    assert secrets.get("post") == VALUE


def test_a_failed_replacement_leaves_the_old_value_and_no_litter(secrets, folder, monkeypatch):
    secrets.set("post", VALUE)
    with monkeypatch.context() as patch:

        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(os, "fsync", full)
        with pytest.raises(UserError, match="No space left"):
            secrets.set("post", "new")
    assert secrets.get("post") == VALUE
    assert [path.name for path in folder.iterdir()] == ["post"]


def test_deleting(secrets):
    secrets.set("post", VALUE)
    assert secrets.delete("post") is True
    assert secrets.delete("post") is False
    assert secrets.where("post") is None


def test_an_unset_secret_names_the_remedy_and_where_it_was_looked_for(secrets, folder):
    with pytest.raises(UserError) as caught:
        secrets.get("post")
    assert "`mailbot secret set post`" in str(caught.value)
    assert str(folder) in str(caught.value)


# --- unsafe files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_file_that_others_can_read_is_refused_with_the_remedy(secrets, mode):
    path = secrets.set("post", VALUE)
    path.chmod(mode)
    for look in (secrets.get, secrets.where):
        with pytest.raises(UserError, match=f"chmod 600 {path}"):
            look("post")


def test_a_folder_in_which_others_can_plant_files_is_refused(secrets, folder):
    secrets.set("post", VALUE)
    folder.chmod(0o770)
    with pytest.raises(UserError, match=f"chmod 700 {folder}"):
        secrets.get("post")


def test_a_symlink_is_refused(secrets, folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(VALUE)
    elsewhere.chmod(0o600)
    folder.mkdir(parents=True, mode=0o700)
    (folder / "post").symlink_to(elsewhere)
    with pytest.raises(UserError, match="no plain file"):
        secrets.get("post")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_somebody_else_is_refused(secrets):
    path = secrets.set("post", VALUE)
    os.chown(path, 4711, 4711)
    with pytest.raises(UserError, match=f"chown .* {path}"):
        secrets.get("post")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_sets_belongs_to_the_service(folder):
    secrets = Secrets(folder, Account("mailbot", 4711, 4712))
    path = secrets.set("post", VALUE)
    for place in (path, folder):
        assert (place.stat().st_uid, place.stat().st_gid) == (4711, 4712)
    assert secrets.get("post") == VALUE  # root may run mailbot beside the service


@pytest.fixture
def not_root():
    """The rest of the test runs as an ordinary account."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


def test_only_the_service_account_sets_and_deletes(not_root):
    secrets = Secrets(Path("/nonexistent"), Account("mailbot", os.geteuid() + 1, os.getegid()))
    for change in (lambda: secrets.set("post", VALUE), lambda: secrets.delete("post")):
        with pytest.raises(UserError, match="sudo -u mailbot mailbot secret"):
            change()


# --- names and values -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", ".", "..", "../passwd", "a/b", ".hidden", "a b", "å", "a\n", "x" * 65])
def test_names_stay_in_the_folder(secrets, name):
    for use in (secrets.get, secrets.where, secrets.delete, lambda text: secrets.set(text, VALUE)):
        with pytest.raises(UserError, match="cannot name a secret"):
            use(name)


@pytest.mark.parametrize(("content", "value"), [(b"x\n", "x"), (b"x\r\n", "x"), (b"x", "x"), (b" x \n\n", " x \n")])
def test_only_the_line_end_of_an_editor_is_left_out(secrets, content, value):
    secrets.set("post", "-").write_bytes(content)
    assert secrets.get("post") == value


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfeS3kret"])
def test_unusable_content_is_told_without_showing_it(secrets, content):
    path = secrets.set("post", "-")
    path.write_bytes(content)
    with pytest.raises(UserError, match="mailbot secret set post") as caught:
        secrets.get("post")
    assert "S3kret" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_an_empty_value_is_refused(secrets):
    with pytest.raises(UserError, match="would be empty"):
        secrets.set("post", "")


def test_reference_key(secrets):
    value = new_reference_key()
    secrets.set(REFERENCE_KEY, value)
    assert secrets.reference_key() == bytes.fromhex(value)
    assert len(secrets.reference_key()) == 32
    assert new_reference_key() != value


@pytest.mark.parametrize("value", ["S3kret", "ab" * 31, "ab" * 33, "zz" * 32])
def test_a_reference_key_of_another_form_is_refused_without_showing_it(secrets, value):
    with pytest.raises(UserError, match="32 bytes in hexadecimal") as caught:
        secrets.set(REFERENCE_KEY, value)
    assert value not in str(caught.value)
    assert secrets.where(REFERENCE_KEY) is None


def test_nothing_shows_a_secret(secrets):
    secrets.set("post", VALUE)
    secrets.get("post")
    assert VALUE not in repr(secrets)
    assert VALUE not in repr(vars(secrets))


# --- credentials and keyrings ---------------------------------------------------------------------------------------


def test_a_systemd_credential_goes_before_the_file(secrets, tmp_path, monkeypatch):
    secrets.set("post", "file")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert secrets.get("post") == "file"
    (tmp_path / "post").write_text("credential\n")
    assert secrets.get("post") == "credential"
    assert secrets.where("post") == f"systemd credential {tmp_path / 'post'}"


def test_a_keyring_is_asked_last(secrets):
    keyring.set_keyring(MemoryKeyring())
    keyring.set_password("mailbot", "post", "ring")
    assert (secrets.get("post"), secrets.where("post")) == ("ring", "keyring")
    secrets.set("post", "file")
    assert secrets.get("post") == "file"


def test_a_plaintext_keyring_is_refused_by_name(secrets):
    keyring.set_keyring(PlaintextKeyring())
    keyring.set_password("mailbot", "post", VALUE)
    assert secrets.where("post") is None
    with pytest.raises(UserError, match="PlaintextKeyring keeps plain text and is not used") as caught:
        secrets.get("post")
    assert VALUE not in str(caught.value)


def test_of_a_chain_only_the_fit_ones_are_asked(secrets, monkeypatch):
    keyring.set_keyring(ChainerBackend())
    asked = []
    monkeypatch.setattr(MemoryKeyring, "get_password", lambda self, *_: asked.append(type(self).__name__))
    assert secrets.where("post") is None
    assert asked == ["MemoryKeyring"]


def test_the_failing_backend_of_a_server_without_keyring_means_not_set(secrets):
    assert secrets.where("post") is None


# --- the service account --------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
def test_the_service_account_owns_the_folder_of_the_database(tmp_path):
    os.chown(tmp_path, 4711, 4712)
    assert service_account(tmp_path) == Account("4711", 4711, 4712)


def test_without_a_folder_it_is_the_user_mailbot_or_whoever_runs_this(tmp_path):
    import pwd

    try:
        expected = pwd.getpwnam("mailbot").pw_uid
    except KeyError:
        expected = os.geteuid()
    assert service_account(tmp_path / "missing").uid == expected
    assert service_account(None).uid == expected
