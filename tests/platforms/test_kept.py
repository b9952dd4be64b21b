from mailbot.platforms.kept import KeptConnections


class Line:
    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


def test_a_connection_belongs_to_whoever_took_it() -> None:
    kept: KeptConnections[Line] = KeptConnections(2)
    line = Line()
    kept.keep("anna", line)
    assert kept.take("anna") is line
    assert kept.take("anna") is None
    kept.close()
    assert not line.closed


def test_those_not_used_for_longest_are_closed_first() -> None:
    kept: KeptConnections[Line] = KeptConnections(2)
    lines = {name: Line() for name in ("anna", "bo", "eva")}
    for name in ("anna", "bo"):
        kept.keep(name, lines[name])
    kept.keep("anna", kept.take("anna") or Line())
    kept.keep("eva", lines["eva"])
    assert {name for name, line in lines.items() if line.closed} == {"bo"}
    kept.close()
    assert all(line.closed for line in lines.values())


def test_of_two_for_one_mailbox_the_newer_is_kept() -> None:
    kept: KeptConnections[Line] = KeptConnections(2)
    older, newer = Line(), Line()
    for line in (older, newer, newer):
        kept.keep("anna", line)
    assert older.closed and not newer.closed
    assert kept.take("anna") is newer


def test_nothing_is_kept_where_nothing_may_be() -> None:
    kept: KeptConnections[Line] = KeptConnections(0)
    line = Line()
    kept.keep("anna", line)
    assert line.closed and kept.take("anna") is None
