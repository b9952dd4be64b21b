"""Quality, measured on labelled mail."""
