"""Adopting what was made elsewhere: comparing a provider's list with ours, and taking over."""
