"""Creates and cancels: their rows, and the only attempt to send each."""
