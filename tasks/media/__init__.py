"""Video and picture files: what each says of itself, and posters. Pure: no ORM, no settings."""
