"""Sends what the outbox holds: by Apprise, to a webhook, into a folder."""
