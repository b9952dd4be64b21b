"""Which mailboxes lie below the folders of a server's `path`."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path


def addresses(pattern: str, domains: Sequence[str]) -> Iterator[str]:
    """The addresses whose folder, as `pattern` names it, is there; `domains` are tried where it names none."""
    glob = re.sub(r"\{(address|user|domain)\}", "*", pattern)
    named = re.compile(re.sub(r"\\\{(address|user|domain)\\\}", r"(?P<\1>[^/]+)", re.escape(pattern)))
    root = Path(Path(glob.split("*", 1)[0] + "x").parent)
    for folder in sorted(root.glob(str(Path(glob).relative_to(root)))) if "*" in glob else ():
        match = named.fullmatch(str(folder))
        if match is None or not (folder / "cur").is_dir():
            continue
        found = match.groupdict()
        if found.get("address"):
            yield found["address"].lower()
        elif found.get("domain"):
            yield f"{found['user']}@{found['domain']}".lower()
        elif len(domains) == 1 and found.get("user"):
            yield f"{found['user']}@{domains[0]}".lower()
