"""format=flowed (RFC 3676): lines that a mail program broke softly become the paragraphs their author wrote."""


def unflow(text: str, *, delete_space: bool) -> str:
    """`text` (line ends "\\n") with soft line breaks removed and space-stuffing undone; quote marks stay.

    `delete_space` is the DelSp parameter: the space that marks a soft break is not part of the text.
    """
    out: list[str] = []
    open_depth: int | None = None  # the quote depth of the paragraph that goes on in the next line
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        signature_mark = content == "-- "  # RFC 3676 4.3: ends in a space, and yet is never soft
        soft = content.endswith(" ") and not signature_mark
        kept = content[:-1] if soft and delete_space else content
        if open_depth == depth and not signature_mark:
            out.append(kept)
        else:
            mark = ">" * depth
            out.append(("\n" if out or open_depth is not None else "") + (f"{mark} " if depth else "") + kept)
        open_depth = depth if soft else None
    return "".join(out)
