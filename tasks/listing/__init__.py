"""The list: which tasks a URL asks for, counted and paged without ever scanning them all."""
