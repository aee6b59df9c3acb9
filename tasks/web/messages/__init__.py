"""Messages to people about errors, failures and connection tests, and the way out of them."""
