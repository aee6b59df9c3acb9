"""Answers to programs that ask with a token: ids, tasks, links to videos, calls back."""
