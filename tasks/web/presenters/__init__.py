"""Rows as pages show them at one moment: in words, badges and numbers that are ready to print."""
