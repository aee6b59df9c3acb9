"""`manage.py archive` as it is without the extra `posters`: python -m benchmarks.archive_alone"""

import django
from django.core.management import call_command

if __name__ == "__main__":
    django.setup()
    from tasks.media import posters

    posters.can_make = lambda: False
    call_command("archive")
