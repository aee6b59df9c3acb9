"""Views for pages, fragments and the live feed. They read our own rows, never ask a provider."""
