"""The header block of a message: fields in order, decoded on demand."""


class Headers:
    """Header fields of one message. Lookup ignores case (RFC 5322 1.2.2); the first field of a name wins."""

    def get(self, name: str) -> str | None:
        """Decoded (RFC 2047), unfolded value of the first field called `name`, without control characters."""
        raise NotImplementedError

    def get_all(self, name: str) -> tuple[str, ...]:
        """Every field called `name`, top to bottom."""
        raise NotImplementedError

    def names(self) -> frozenset[str]:
        """All field names present, in lower case."""
        raise NotImplementedError
