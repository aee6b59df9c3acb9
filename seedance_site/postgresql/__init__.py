"""Django's backend for PostgreSQL, which looks at a kept connection in a cheaper way."""
