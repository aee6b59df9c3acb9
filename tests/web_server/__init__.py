"""The web server's front, asked as granian asks it, while time passes only where all wait."""
