"""Pages, fragments and the live feed; they read our own rows and never wait for a provider."""
