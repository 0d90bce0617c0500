"""``python -m deeplinear`` is the command line."""

import sys

from deeplinear.cli import main

if __name__ == "__main__":
    sys.exit(main())
