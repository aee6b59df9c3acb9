"""A whole installation in one file, and back again.

A backup is a tar archive with, in this order:

    manifest.json       what follows: release, migrations, rows of each table, sizes and hashes,
                        fingerprints of the keys that its credentials are sealed with
    media.jsonl         one line for each saved file: name, size, SHA-256
    database.sqlite3    or database.dump, pg_dump's own format
    keys/…              only when asked for: whoever has them can read every provider's key
    media/…             the files themselves, only when asked for
"""
