"""The site's own settings, but for passwords that are hashed quickly."""

from seedance_site.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
