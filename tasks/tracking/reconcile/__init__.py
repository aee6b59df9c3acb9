"""Reconciliation: comparing a provider's list with ours, and adopting what only it has."""
