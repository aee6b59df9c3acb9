"""Costs: prices, estimates, budgets, the gate before every create, and the ledger."""
