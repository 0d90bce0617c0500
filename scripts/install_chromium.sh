#!/bin/sh
# Chromium of the system's packages, for the tests of the explorer. Does nothing where it is there.
set -eu

if command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then exit 0; fi

if ! command -v apt-get >/dev/null; then
  echo "The tests of the explorer need a Chromium that is called chromium. Install it with the" >&2
  echo "package manager of this system, for example 'dnf install chromium'; on a Mac," >&2
  echo "'brew install chromium'." >&2
  exit 1
fi

if [ "$(id -u)" -eq 0 ]; then
  as_root=
elif command -v sudo >/dev/null; then
  as_root=sudo
else
  echo "Run 'apt-get install chromium' as root, then 'make test-system' again." >&2
  exit 1
fi

$as_root apt-get update --quiet
DEBIAN_FRONTEND=noninteractive $as_root apt-get install --yes --quiet --no-install-recommends chromium
