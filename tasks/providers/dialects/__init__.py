"""Dialects: how each family of providers is asked, and how its answers are read. Pure."""
