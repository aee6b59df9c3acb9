"""Providers' bills: read from a file, laid beside our charges, and what only they have adopted."""
