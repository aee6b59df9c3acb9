"""Lists of rows: those that a URL asks for, counted and paged without scanning whole tables."""
