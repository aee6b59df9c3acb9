"""A team: sign-in, people and roles, credentials, preferences, and the audit."""
