"""The commands in the order of `deeplinear --help`."""

from deeplinear.cli._app import app
from deeplinear.cli._demo import demo
from deeplinear.cli._inspect import data, report
from deeplinear.cli._run import run

for command in (run, demo, data, report):
    app.command()(command)
