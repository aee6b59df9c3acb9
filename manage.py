#!/usr/bin/env python3
"""Dailies' command line. Installs what it needs into .venv the first time it is run.

Old Pythons must be able to read this file, so that they can say what is wrong.
"""

import os
import sys

if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - and deserve a sentence, not a syntax error
        sys.exit("Dailies needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2])
    if os.name == "nt":
        sys.exit("Dailies runs on Linux and macOS; on Windows, run it inside WSL.")
    from seedance_site import bootstrap

    bootstrap.enter_environment(sys.argv)
    bootstrap.choose_data_folder(sys.argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seedance_site.settings")
    from django.core.management import execute_from_command_line

    from seedance_site.environment import ConfigurationError

    try:
        execute_from_command_line(sys.argv)
    except ConfigurationError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("\nStopped.")
