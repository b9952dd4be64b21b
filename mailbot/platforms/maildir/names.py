"""Names in a Maildir++ tree: what people call a folder, what it is for, what of a file name stays with a message."""

from typing import Literal

from mailbot.platforms.folder_names import INBOX, decode_utf7, folder_role, on_disk, shown, storable

__all__ = ["INBOX", "decode_utf7", "folder_name", "folder_role", "mark", "on_disk", "storable", "unique_part"]


def unique_part(file_name: str) -> str:
    """What stays the same when a message moves from new to cur or its flags change: all before ":2,FLAGS"."""
    return storable(file_name.partition(":")[0])


def mark(file_name: str) -> Literal["replied", "forwarded"] | None:
    """What the flags after ":2," say: R replied, P resent, forwarded or bounced (cr.yp.to/proto/maildir)."""
    flags = file_name.partition(":2,")[2]
    return "replied" if "R" in flags else "forwarded" if "P" in flags else None


def folder_name(directory: str) -> str:
    """What people call the folder that lies in `directory` (".INBOX.Skr&AOQ-ppost" -> "INBOX/Skräppost")."""
    return shown("/".join(decode_utf7(component) for component in directory.removeprefix(".").split(".")))
