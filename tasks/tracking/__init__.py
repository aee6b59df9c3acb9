"""The requests to providers about tasks that exist: polls, comparisons, callbacks, imports."""
