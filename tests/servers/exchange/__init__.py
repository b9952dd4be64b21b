"""A small Exchange of our own for the tests: Exchange Web Services over HTTP, with mailboxes that keep their state."""
