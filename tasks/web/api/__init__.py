"""The API: the same rows, rules and jobs as the pages have, asked for with a token."""
