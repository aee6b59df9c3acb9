"""Task ids and details read from files and pasted text."""
