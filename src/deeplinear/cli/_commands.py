"""The commands in the order of `deeplinear --help`."""

from deeplinear.cli._app import app
from deeplinear.cli._classify import classify
from deeplinear.cli._demo import demo
from deeplinear.cli._escape import escape
from deeplinear.cli._explore import explore
from deeplinear.cli._fiber import fiber
from deeplinear.cli._inspect import data, report
from deeplinear.cli._landscape import landscape
from deeplinear.cli._run import run
from deeplinear.cli._saddles import saddles

for command in (run, demo, data, saddles, classify, escape, landscape, fiber, report, explore):
    app.command()(command)
