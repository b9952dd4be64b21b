"""The digests of the sample week as files that a browser opens."""

import re
from email import message_from_bytes, policy
from pathlib import Path

from mailbot.work.context import Context


def write_digests(context: Context, folder: Path) -> tuple[Path, ...]:
    """One HTML file per digest that went out, named by day, kind and reader; in the order they were sent."""
    folder.mkdir()
    paths = []
    for item in context.store.outbox.list(states=("sent",)):
        if item.kind != "digest" or item.raw is None:
            continue
        message = message_from_bytes(item.raw, policy=policy.default)
        html = message.get_body(preferencelist=("html",))
        if html is None:
            continue
        day = item.created_at.astimezone(context.config.zone).date()
        about = item.dedup_key.removeprefix("digest:").removesuffix(f":{day}")
        what = re.sub(r"[^\w]+", "-", about).strip("-")
        path = folder / f"{day}-{what}.html"
        path.write_text(html.get_content(), encoding="utf-8")
        paths.append(path)
    return tuple(paths)
