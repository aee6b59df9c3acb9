"""Every page a person sees. Pages read our own rows and never ask a provider."""
