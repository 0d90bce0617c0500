"""Command line options, declared once. Their values are checked where a run's file is checked."""

from pathlib import Path
from typing import Annotated, Any

import typer


def _option(names: str, metavar: str | None, text: str, panel: str) -> Any:
    return typer.Option(
        *names.split(), metavar=metavar, help=text, rich_help_panel=panel, show_default=False
    )


_DATA, _NETWORK, _FLOW, _OUTPUT = "Data", "Network and start", "Flow", "Output"

_Text = str | None
_Texts = list[str] | None
_Flag = bool | None

Source = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE",
        help="A data set's name (see deeplinear data), a .csv, .tsv or .npz file, two .npy files "
        "(x, then y), or a run's .toml file.",
        show_default=False,
    ),
]
Targets = Annotated[_Text, _option("--targets", "NAMES", "Target columns of a .csv file.", _DATA)]
Whiten = Annotated[_Flag, _option("--whiten/--no-whiten", "", "Whiten the inputs.", _DATA)]
Center = Annotated[
    _Flag, _option("--center/--no-center", "", "Subtract each column's mean.", _DATA)
]
Standardize = Annotated[
    _Flag,
    _option("--standardize/--no-standardize", "", "Bring inputs to mean 0, variance 1.", _DATA),
]
Modes = Annotated[_Text, _option("--modes", "NUMBERS", "Singular values of 'planted' data.", _DATA)]
DataOption = Annotated[
    _Texts, _option("--data-option", "KEY=VALUE", "An option of the data set; repeatable.", _DATA)
]
Widths = Annotated[
    _Text, _option("--widths", "INTEGERS", "Layer widths, inputs first: 64,32,32,10.", _NETWORK)
]
Init = Annotated[_Text, _option("--init", "NAME", "The start; default gaussian.", _NETWORK)]
Scale = Annotated[_Text, _option("--scale", "NUMBER", "The start's scale.", _NETWORK)]
Seed = Annotated[_Text, _option("--seed", "INTEGER", "The start's seed; default 0.", _NETWORK)]
InitOption = Annotated[
    _Texts, _option("--init-option", "KEY=VALUE", "An option of the start; repeatable.", _NETWORK)
]
Method = Annotated[
    _Text, _option("--method", "NAME", "auto, explicit, stiff or gauss; default auto.", _FLOW)
]
Structure = Annotated[
    _Text, _option("--structure", "NAME", "What every step keeps: laws or monotone.", _FLOW)
]
Rtol = Annotated[_Text, _option("--rtol", "NUMBER", "Tolerance of a step; default 1e-6.", _FLOW)]
TEnd = Annotated[_Text, _option("--t-end", "NUMBER", "End time; default until converged.", _FLOW)]
Settings = Annotated[
    _Texts,
    _option("--set", "KEY=VALUE", "Any key of a run's file: flow.stop=1e-8; repeatable.", _FLOW),
]
Output = Annotated[
    Path | None,
    _option("-o --output", "FOLDER", "What to write; default out/ and the source's name.", _OUTPUT),
]
DemoOutput = Annotated[
    Path, _option("-o --output", "FOLDER", "What to write; default out/demo.", _OUTPUT)
]
RunFolder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="The folder of a run.", show_default=False)
]
PointTarget = Annotated[
    Path,
    typer.Argument(
        metavar="TARGET",
        help="The folder of a run, or an .npz file of weights w0, w1, ... (with --data).",
        show_default=False,
    ),
]
At = Annotated[
    _Text,
    typer.Option("--at", metavar="TIME", help="Which state of a run: end, start, or a time."),
]
PointData = Annotated[
    _Text, _option("--data", "SOURCE", "The data of weights: a name or file, as for run.", _DATA)
]
Refine = Annotated[
    bool,
    typer.Option("--refine/--no-refine", help="Go to the critical point near the state first."),
]
RefineFirst = Annotated[
    bool,
    typer.Option("--refine", help="Take the critical point near the state of a run instead."),
]
Tolerance = Annotated[
    _Text, typer.Option("--tol", metavar="NUMBER", help="Relative tolerance; default 1e-6.")
]
EscapeTarget = Annotated[
    Path | None,
    typer.Argument(
        metavar="TARGET",
        help="The folder of a run, or an .npz file of weights w0, w1, ... (with --data).",
        show_default=False,
    ),
]
EscapeData = Annotated[
    _Text,
    _option("--data", "SOURCE", "The data of weights or of a class, as for run.", _DATA),
]
Learned = Annotated[
    _Text, _option("--learned", "MODES", "A class, with --widths: 0,1 or none.", _NETWORK)
]
Distance = Annotated[
    _Text,
    typer.Option(
        "--distance",
        metavar="NUMBER",
        help="Where to leave from; default 0.1, 0.01, 0.001 (rays and orbits: 0.001).",
    ),
]
WaysCount = Annotated[
    _Text,
    typer.Option(
        "--count", metavar="INTEGER", help="Ways, rays, orbits to list, 1 to 1000; default 10."
    ),
]
FiberTarget = Annotated[
    Path | None,
    typer.Argument(
        metavar="TARGET",
        help="The folder of a run, or an .npz file of weights w0, w1, ...",
        show_default=False,
    ),
]
FiberRank = Annotated[
    _Text, _option("--rank", "INTEGER", "The rank of the map, with --widths.", _NETWORK)
]
RankTolerance = Annotated[
    _Text,
    typer.Option(
        "--tol", metavar="NUMBER", help="What of a layer counts as zero; default 1e-10 of its norm."
    ),
]
Count = Annotated[
    _Text,
    typer.Option("--count", metavar="INTEGER", help="Classes to list, 1 to 1000; default 10."),
]
Amplitude = Annotated[
    _Text,
    typer.Option(
        "--amplitude", metavar="NUMBER", help="Weights of a mode that starts: tell learning times."
    ),
]
Force = Annotated[bool, _option("--force", "", "Replace the run in the folder.", _OUTPUT)]
Figures = Annotated[
    _Flag, _option("--figures", "", "Write every figure as PDF and PNG too.", _OUTPUT)
]
ShowProgress = Annotated[
    _Flag,
    _option("--progress/--no-progress", "", "Show progress; by default, yes.", _OUTPUT),
]
Quiet = Annotated[bool, _option("-q --quiet", "", "Print errors only.", _OUTPUT)]
Json = Annotated[
    bool, _option("--json", "", "Print one JSON document on standard output.", _OUTPUT)
]
Debug = Annotated[bool, _option("--debug", "", "Show the traceback of an error.", _OUTPUT)]
