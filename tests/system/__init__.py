"""The explorer as people meet it: a real server, a real browser. Run with `make test-system`."""
