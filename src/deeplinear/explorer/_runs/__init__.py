"""Runs: computed in threads, a few at a time, each seen by its user alone.

`_setup` and `_nudge` turn settings into a problem and a start, `_run` computes, `_pool` shares the
threads, `_sessions` are the users.
"""
