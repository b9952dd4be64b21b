"""Mailboxes in Microsoft 365, through Microsoft Graph v1.0 (extra `mailbot[graph]`)."""
