import errno
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.base import Folder
from mailbot.platforms.maildir.cursor import MaildirCursor
from mailbot.platforms.maildir.folder import Listing, OpenFolder
from mailbot.platforms.maildir.mailbox import MaildirMailbox
from tests.platforms.contract_mailbox import BASE, MailboxContract, arrivals, contents, folder, mail, minute, read_all
from tests.platforms.maildir_world import MaildirWorld, make_maildir

INBOX = Folder("INBOX", "INBOX", "inbox")


@pytest.fixture
def world(tmp_path: Path) -> MaildirWorld:
    return MaildirWorld(tmp_path / "anna")


class TestMaildirMailbox(MailboxContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> MaildirWorld:
        return MaildirWorld(tmp_path / "anna")


def test_folders_have_names_for_people_and_roles(world: MaildirWorld) -> None:
    for name in ("Sent", "Skr&AOQ-ppost", "INBOX.Utkast", "Projekt.V&AOQ-g 353", "Papperskorgen.Projekt"):
        world.create_folder(name)
    (world.root / ".empty").mkdir()
    (world.root / "courierimapkeywords").mkdir()
    assert [(each.id, each.name, each.role) for each in world.open().folders()] == [
        ("INBOX", "INBOX", "inbox"),
        (".INBOX.Utkast", "INBOX/Utkast", "drafts"),
        (".Papperskorgen.Projekt", "Papperskorgen/Projekt", "trash"),
        (".Projekt.V&AOQ-g 353", "Projekt/Väg 353", "other"),
        (".Sent", "Sent", "sent"),
        (".Skr&AOQ-ppost", "Skräppost", "junk"),
    ]


def test_a_missing_mailbox_is_trouble_not_deleted_mail(world: MaildirWorld) -> None:
    world.deliver(mail(0), received_at=BASE)
    cursor = read_all(world.open(), INBOX)[-1].cursor
    world.root.rename(world.root.with_name("unmounted"))
    for _ in range(2):
        with pytest.raises(TransientError, match="anna"):
            read_all(world.open(), INBOX, cursor)
        world.root.mkdir(exist_ok=True)  # second round: an empty mount point


def test_a_deleted_folder_has_everything_gone(world: MaildirWorld) -> None:
    world.create_folder("Projekt")
    world.deliver(mail(0), received_at=BASE, folder="Projekt", name="1.a")
    project = folder(world.open(), "Projekt")
    cursor = read_all(world.open(), project)[-1].cursor
    (world.root / ".Projekt").rename(world.root / "elsewhere")
    (batch,) = read_all(world.open(), project, cursor)
    assert (batch.gone, batch.reset) == (("1.a",), False)
    assert world.open().fetch(project, "1.a") is None
    assert list(world.open().fetch_headers(project, ["1.a"])) == [("1.a", None)]
    (world.root / "elsewhere").rename(world.root / ".Projekt")
    (batch,) = read_all(world.open(), project, batch.cursor)
    assert ([each.delivery_id for each in batch.arrived], batch.reset) == (["1.a"], False)


@pytest.mark.parametrize("hostile", ["../anna", "..", ".", ".a/../..", "/etc", "", ".a\0b", "cur"])
def test_folder_ids_lead_nowhere_else(world: MaildirWorld, hostile: str) -> None:
    world.deliver(mail(0), received_at=BASE, name="1.a")
    outside = Folder(hostile, "x", "other")
    assert arrivals(read_all(world.open(), outside)) == []
    assert world.open().fetch(outside, "1.a") is None


def test_symlinks_are_refused(world: MaildirWorld, tmp_path: Path) -> None:
    other = MaildirWorld(tmp_path / "eva")
    secret = other.deliver(mail(7), received_at=BASE)
    (world.root / ".Evas").symlink_to(other.root)
    half = world.root / ".Halv"
    half.mkdir()
    (half / "cur").mkdir()
    (half / "new").symlink_to(other.root / "new")
    (world.root / "new" / "2.link").symlink_to(secret)
    world.deliver(mail(0), received_at=BASE)
    mailbox = world.open()
    assert [each.id for each in mailbox.folders()] == ["INBOX"]
    assert contents(mailbox, INBOX, read_all(mailbox, INBOX)) == [mail(0)]
    for name in (".Evas", ".Halv"):
        assert arrivals(read_all(mailbox, Folder(name, name, "other"))) == []


def test_a_file_replaced_by_a_symlink_after_listing(world: MaildirWorld, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(mail(7))
    path = world.deliver(mail(0), received_at=BASE, name="1.a")
    mailbox = world.open()
    read_all(mailbox, INBOX)
    path.unlink()
    path.symlink_to(secret)
    assert mailbox.fetch(INBOX, "1.a") is None


def test_pipes_sockets_directories_and_hidden_files_are_skipped(world: MaildirWorld) -> None:
    os.mkfifo(world.root / "new" / "1.fifo")
    (world.root / "cur" / "1.dir").mkdir()
    (world.root / "new" / ".nfs0001").write_bytes(mail(5))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(world.root / "new" / "1.sock"))
    world.deliver(mail(0), received_at=BASE)
    mailbox = world.open()
    batches = read_all(mailbox, INBOX)
    assert contents(mailbox, INBOX, batches) == [mail(0)]
    assert mailbox.fetch(INBOX, "1.fifo") is None
    (after,) = read_all(mailbox, INBOX, batches[-1].cursor)
    assert (after.arrived, after.gone) == ((), ())


def test_two_names_of_one_message_are_one_delivery(world: MaildirWorld) -> None:
    """A crashed mail program may leave the message in new and cur."""
    path = world.deliver(mail(0), received_at=BASE, name="1.a")
    (world.root / "cur" / "1.a:2,S").hardlink_to(path)
    assert [each.delivery_id for each in arrivals(read_all(world.open(), INBOX))] == ["1.a"]


def test_names_that_are_not_utf8(world: MaildirWorld) -> None:
    name = os.fsdecode(b"1.sk\xe5ne")
    world.deliver(mail(0), received_at=BASE, name=name)
    (world.root / os.fsdecode(b".\xe5r")).mkdir()
    for part in ("new", "cur"):
        (world.root / os.fsdecode(b".\xe5r") / part).mkdir()
    mailbox = world.open()
    (arrival,) = arrivals(read_all(mailbox, INBOX))
    arrival.delivery_id.encode()  # any database can store it
    assert mailbox.fetch(INBOX, arrival.delivery_id) == mail(0)
    year = mailbox.folders()[1]
    year.id.encode()
    assert year.name == "\N{REPLACEMENT CHARACTER}r"
    world.now = 4e9
    (world.root / os.fsdecode(b".\xe5r") / "new" / "2.b").write_bytes(mail(1))
    assert mailbox.fetch(year, "2.b") == mail(1)


@pytest.mark.parametrize("mtime", [-62135596801, 0, 253402300800])
def test_file_times_that_no_calendar_has(world: MaildirWorld, mtime: int) -> None:
    path = world.deliver(mail(0), received_at=BASE)
    os.utime(path, (mtime, mtime))
    (arrival,) = arrivals(read_all(world.open(), INBOX))
    assert arrival.internal_date.year in (1, 1901, 1970, 2446, 9999)


class TestTimeOfDirectories:
    """A directory's time alone proves nothing while another change may fall into the same tick."""

    def in_the_same_tick(self, world: MaildirWorld, number: int, at: float) -> None:
        world.deliver(mail(number), received_at=minute(number))
        os.utime(world.root / "new", (at, at))

    @pytest.mark.parametrize("seconds_later", [-3600, 0, 1, 9])
    def test_a_fresh_time_is_not_trusted(self, world: MaildirWorld, seconds_later: int) -> None:
        at = 2e9
        self.in_the_same_tick(world, 0, at)
        world.now = at + seconds_later
        cursor = read_all(world.open(), INBOX)[-1].cursor
        self.in_the_same_tick(world, 1, at)
        assert contents(world.open(), INBOX, read_all(world.open(), INBOX, cursor)) == [mail(1)]

    def test_an_old_time_spares_the_listing(self, world: MaildirWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        world.deliver(mail(0), received_at=BASE)
        cursor = read_all(world.open(), INBOX)[-1].cursor
        with monkeypatch.context() as patch:
            patch.setattr(OpenFolder, "listing", None)
            (batch,) = read_all(world.open(), INBOX, cursor)
        assert batch.cursor == cursor

    def test_known_messages_are_not_looked_at_again(self, world: MaildirWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        for number in range(5):
            world.deliver(mail(number), received_at=minute(number))
        cursor = read_all(world.open(), INBOX)[-1].cursor
        world.deliver(mail(5), received_at=minute(5))
        looked_at = []
        plain = OpenFolder.stat

        def stat(there: OpenFolder, path: str) -> os.stat_result | None:
            looked_at.append(path)
            return plain(there, path)

        monkeypatch.setattr(OpenFolder, "stat", stat)
        assert len(arrivals(read_all(world.open(), INBOX, cursor))) == len(looked_at) == 1


def test_a_name_missed_while_it_changed_is_not_gone(world: MaildirWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """readdir may leave out a name that is being renamed (POSIX leaves that open)."""
    world.deliver(mail(0), received_at=BASE, name="1.a")
    world.deliver(mail(1), received_at=BASE, name="1.b")
    cursor = read_all(world.open(), INBOX)[-1].cursor
    world.deliver(mail(2), received_at=BASE, name="1.c")
    real = os.listdir
    rounds = iter([True])

    def listdir(directory: int) -> list[str]:
        found = real(directory)
        if "1.a" in found and next(rounds, False):
            (world.root / "new" / "1.a").rename(world.root / "new" / "1.a:2,")
            found.remove("1.a")
        return found

    monkeypatch.setattr(os, "listdir", listdir)
    (batch,) = read_all(world.open(), INBOX, cursor)
    assert ([arrival.delivery_id for arrival in batch.arrived], batch.gone) == (["1.c"], ())
    assert next(rounds, None) is None


def test_vanished_while_it_was_being_listed(world: MaildirWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    path = world.deliver(mail(0), received_at=minute(0))
    world.deliver(mail(1), received_at=minute(1))
    plain = OpenFolder.listing

    def listing(there: OpenFolder) -> Listing:
        found = plain(there)
        path.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(OpenFolder, "listing", listing)
    mailbox = world.open()
    assert contents(mailbox, INBOX, read_all(mailbox, INBOX)) == [mail(1)]


def test_a_message_that_changes_its_name_all_the_time(world: MaildirWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.deliver(mail(0), received_at=BASE, name="1.a")
    mailbox = world.open()
    read_all(mailbox, INBOX)
    (world.root / "new" / "1.a").rename(world.root / "cur" / "1.a:2,FS")
    ((_, header),) = mailbox.fetch_headers(INBOX, ["1.a"])
    assert header is not None
    (world.root / "cur" / "1.a:2,FS").rename(world.root / "cur" / "1.a:2,S")
    assert mailbox.fetch(INBOX, "1.a") == mail(0)


def test_many_vanished_messages_cost_one_more_listing(world: MaildirWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [world.deliver(mail(number), received_at=minute(number)) for number in range(50)]
    mailbox = world.open()
    ids = [each.delivery_id for each in arrivals(read_all(mailbox, INBOX))]
    for path in paths:
        path.unlink()
    listings = []
    plain = OpenFolder.listing

    def listing(there: OpenFolder) -> Listing:
        listings.append(there.folder_id)
        return plain(there)

    monkeypatch.setattr(OpenFolder, "listing", listing)
    assert [raw for _, raw in mailbox.fetch_headers(INBOX, ids)] == [None] * 50
    assert len(listings) == 1


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder for tests of missing rights, entered as a user who has not all rights."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root = os.geteuid() == 0
        if root:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)


class TestMissingRights:
    def test_one_unreadable_message_blocks_no_other(self, unprivileged: Path) -> None:
        world = MaildirWorld(unprivileged / "anna")
        locked = world.deliver(mail(0), received_at=minute(0))
        world.deliver(mail(1), received_at=minute(1))
        locked.chmod(0)
        reading = world.open().changes(INBOX, None)
        first = next(reading)
        with pytest.raises(TransientError, match=r"^1 message.*may not be read"):
            next(reading)
        assert contents(world.open(), INBOX, [first]) == [mail(1)]
        # The alarm stands as long as the trouble does, and nothing is lost when it ends.
        with pytest.raises(TransientError):
            read_all(world.open(), INBOX, first.cursor)
        locked.chmod(0o600)
        (later,) = read_all(world.open(), INBOX, first.cursor)
        assert contents(world.open(), INBOX, [later]) == [mail(0)]

    def test_a_right_lost_after_listing(self, unprivileged: Path) -> None:
        world = MaildirWorld(unprivileged / "anna")
        path = world.deliver(mail(0), received_at=BASE, name="1.a")
        mailbox = world.open()
        read_all(mailbox, INBOX)
        path.chmod(0)
        with pytest.raises(TransientError, match=r"new/1\.a"):
            mailbox.fetch(INBOX, "1.a")

    def test_a_locked_folder_is_still_named(self, unprivileged: Path) -> None:
        world = MaildirWorld(unprivileged / "anna")
        world.create_folder("Projekt")
        (world.root / ".Projekt").chmod(0)
        mailbox = world.open()
        project = folder(mailbox, "Projekt")
        with pytest.raises(PermanentError, match=r"\.Projekt"):
            read_all(mailbox, project)
        (world.root / ".Projekt").chmod(0o700)


def test_trouble_of_the_file_system_is_transient(world: MaildirWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def listdir(directory: int) -> list[str]:
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(os, "listdir", listdir)
    with pytest.raises(TransientError, match="Stale file handle"):
        read_all(world.open(), INBOX)


@pytest.mark.parametrize(
    ("raw", "header"),
    [
        (b"", b""),
        (b"\nText", b"\n"),
        (b"\r\nText", b"\r\n"),
        (b"Subject: x\n\nText", b"Subject: x\n\n"),
        (b"Subject: x\n\r\nText\n\n", b"Subject: x\n\r\n"),
        (b"Subject: x\r\n\r\nText", b"Subject: x\r\n\r\n"),
        (b"Subject: no end", b"Subject: no end"),
        (b"x" * (16 * 1024 - 1) + b"\n\nText", b"x" * (16 * 1024 - 1) + b"\n\n"),
        (b"x" * (16 * 1024 - 2) + b"\r\n\r\nText", b"x" * (16 * 1024 - 2) + b"\r\n\r\n"),
        (b"x" * (16 * 1024 - 3) + b"\r\n\r\nText", b"x" * (16 * 1024 - 3) + b"\r\n\r\n"),
        (b"x" * 3_000_000, b"x" * 2 * 1024 * 1024),
    ],
)
def test_where_the_header_ends(world: MaildirWorld, raw: bytes, header: bytes) -> None:
    world.deliver(raw, received_at=BASE, name="1.a")
    assert list(world.open().fetch_headers(INBOX, ["1.a"])) == [("1.a", header)]


class TestCursor:
    @pytest.mark.parametrize(
        "damaged", ["", "x", "maildir1 1 2 3", "maildir0 1 2 3 1", "maildir1 1 2 3 1 !!", "maildir1 a b c d"]
    )
    def test_a_cursor_that_is_none_reads_everything_again(self, world: MaildirWorld, damaged: str) -> None:
        world.deliver(mail(0), received_at=BASE)
        (batch,) = read_all(world.open(), INBOX, damaged)
        assert batch.reset
        assert len(batch.arrived) == 1

    @given(st.lists(st.sets(st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1)), max_size=5))
    def test_it_remembers_every_name(self, batches: list[set[str]]) -> None:
        cursor = MaildirCursor.decode("maildir1 7 8 9 1")
        assert cursor is not None
        for batch in batches:
            cursor = cursor.with_more(batch)
        again = MaildirCursor.decode(cursor.encode())
        assert again == cursor
        assert again.known() == set().union(*batches)

    def test_many_small_batches_are_put_together(self, world: MaildirWorld) -> None:
        cursor = None
        for number in range(70):
            world.deliver(mail(number), received_at=minute(number))
            (batch,) = read_all(world.open(), INBOX, cursor)
            assert len(batch.arrived) == 1
            cursor = batch.cursor
        assert cursor is not None
        assert cursor.count(" ") < 70
        (batch,) = read_all(world.open(), INBOX, cursor)
        assert (batch.arrived, batch.gone) == ((), ())

    def test_it_stays_small(self) -> None:
        cursor = MaildirCursor.decode("maildir1 7 8 9 1")
        assert cursor is not None
        names = [
            f"{1_790_000_000 + 977 * n}.M{n * 7919 % 1_000_000:06}P{n % 9973}.post,S={n % 20011},W={n % 20011}"
            for n in range(2000)
        ]
        assert len(cursor.with_known(names).encode()) < 30 * len(names)


STEPS = ["deliver", "delete", "read", "move", "pass"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["deliver", "delete", "read", "move", "pass"]), st.integers(0, 5)), max_size=30)
)
def test_whatever_people_do_every_message_is_seen(steps: list[tuple[str, int]]) -> None:
    """What `changes` has told, put together, is what lies in the folders."""
    with tempfile.TemporaryDirectory() as name:
        world = MaildirWorld(Path(name) / "anna")
        world.create_folder("Projekt")
        folders = [each for each in world.open().folders() if each.name in ("INBOX", "Projekt")]
        told: dict[str, set[str]] = {each.id: set() for each in folders}
        cursors: dict[str, str] = {}

        def reading() -> None:
            for each in folders:
                for batch in world.open().changes(each, cursors.get(each.id), limit=2):
                    told[each.id] -= set(batch.gone)
                    assert not told[each.id] & {arrival.delivery_id for arrival in batch.arrived}
                    told[each.id] |= {arrival.delivery_id for arrival in batch.arrived}
                    cursors[each.id] = batch.cursor

        for number, (step, choice) in enumerate(steps):
            here, there = folders[choice % 2], folders[1 - choice % 2]
            present = sorted(told[here.id] & {f.name.partition(":")[0] for f in world.path(here.name).glob("[nc]*/*")})
            if step == "deliver":
                world.deliver(mail(number), received_at=minute(choice), folder=here.name)
            elif step == "pass":
                reading()
            elif not present:
                continue
            elif step == "delete":
                world.delete(here, present[choice % len(present)])
            elif step == "read":
                world.mark_read(here, present[choice % len(present)])
            else:
                world.move(here, present[choice % len(present)], there)
        reading()
        for each in folders:
            assert told[each.id] == {file.name.partition(":")[0] for file in world.path(each.name).glob("[nc]*/*")}


def test_reading_beside_deliveries_and_a_mail_program(tmp_path: Path) -> None:
    """Everything is seen, once, although deliveries and flag changes never pause; with the real clock."""
    world = MaildirWorld(tmp_path / "anna")
    total = 400

    def people() -> None:
        for number in range(total):
            path = world.deliver(mail(number), received_at=minute(number))
            if number % 3:
                path = path.rename(world.root / "cur" / f"{path.name}:2,")
            if number % 3 == 2:
                path.rename(path.with_name(f"{path.name}S"))

    mailbox = MaildirMailbox(world.root)
    seen: list[bytes | None] = []
    cursor = None
    busy = threading.Thread(target=people)
    busy.start()
    reading = True
    while reading:
        reading = busy.is_alive()
        for batch in mailbox.changes(INBOX, cursor, limit=7):
            assert batch.gone == ()
            seen += [mailbox.fetch(INBOX, arrival.delivery_id) for arrival in batch.arrived]
            cursor = batch.cursor
    busy.join()
    assert sorted(filter(None, seen)) == sorted(mail(number) for number in range(total))
    assert len(seen) == total


def test_a_mailbox_may_itself_be_reached_by_a_symlink(world: MaildirWorld, tmp_path: Path) -> None:
    """The administrator names the mailbox; only what lies in it belongs to its owner."""
    world.deliver(mail(0), received_at=BASE)
    (tmp_path / "link").symlink_to(world.root)
    assert len(arrivals(read_all(MaildirMailbox(tmp_path / "link"), INBOX))) == 1


def test_make_maildir_is_what_the_tests_think(tmp_path: Path) -> None:
    assert MaildirMailbox(make_maildir(tmp_path / "x")).folders() == [INBOX]
