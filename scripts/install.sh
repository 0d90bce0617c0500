#!/bin/sh
# Install this package with one extra into .venv:  sh scripts/install.sh data|dev|bench
# A new .venv is made by uv if it is on the PATH, else by python -m venv; versions are those of
# constraints.txt. The file .venv/.unfinished marks an install that was cut off: the next one starts over.
set -eu
cd "$(dirname "$0")/.."

extra=$1
uv=$(command -v uv || true)
python=.venv/bin/python
supported='sys.exit(not (3, 11) <= sys.version_info < (3, 15))'
export PIP_DISABLE_PIP_VERSION_CHECK=1

find_interpreter() {
  candidates=${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}
  for candidate in $candidates; do
    if "$candidate" -c "import sys, venv, ensurepip; $supported" 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "No Python 3.11, 3.12, 3.13 or 3.14 with its venv module was found (tried: $candidates)." >&2
  echo "Remedy: install one (on Debian and Ubuntu: python3 and python3-venv), or install uv," >&2
  echo "or name one: make PYTHON=/path/to/python ..." >&2
  exit 1
}

usable_environment() {
  [ ! -e .venv/.unfinished ] && "$python" -c "import sys; $supported" 2>/dev/null &&
    { [ -n "$uv" ] || "$python" -c "import pip" 2>/dev/null; }
}

make_environment() {
  rm -rf .venv/bin .venv # bin first: cut off here, what remains is not mistaken for an environment
  mkdir .venv
  touch .venv/.unfinished
  if [ -n "$uv" ]; then
    "$uv" venv --quiet --seed --allow-existing --python "${PYTHON:->=3.11,<3.15}" .venv
  else
    "$1" -m venv .venv
  fi
}

install() {
  if [ -n "$uv" ]; then
    "$uv" pip install --quiet --python "$python" --constraint constraints.txt "$@"
  else
    "$python" -m pip install --quiet --constraint constraints.txt "$@"
  fi
}

if ! usable_environment; then
  interpreter=
  [ -n "$uv" ] || interpreter=$(find_interpreter)
  make_environment "$interpreter"
fi
touch .venv/.unfinished
rm -f .venv/.installed-*
echo "Installing deeplinear[$extra] into .venv ($("$python" -V), $([ -n "$uv" ] && echo uv || echo pip))"
# The build tool first and no isolation, so that its version is pinned too; wheels only: no compiler.
install setuptools
install --only-binary :all: --no-build-isolation --editable ".[$extra]"
touch .venv/.installed-data ".venv/.installed-$extra"
rm .venv/.unfinished
