"""What making costs: estimates, the gate before every create, and the account of what it took."""
