"""mailbot keeps a municipality's written rules for mail."""

__version__ = "0.1.0"
