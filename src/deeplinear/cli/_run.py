"""`deeplinear run`."""

import sys
from pathlib import Path

import typer

from deeplinear.cli import _options as options
from deeplinear.cli._app import Answer


def run(
    context: typer.Context,
    source: options.Source,
    targets: options.Targets = None,
    whiten: options.Whiten = None,
    center: options.Center = None,
    standardize: options.Standardize = None,
    modes: options.Modes = None,
    data_option: options.DataOption = None,
    widths: options.Widths = None,
    init: options.Init = None,
    scale: options.Scale = None,
    seed: options.Seed = None,
    init_option: options.InitOption = None,
    method: options.Method = None,
    structure: options.Structure = None,
    rtol: options.Rtol = None,
    t_end: options.TEnd = None,
    settings: options.Settings = None,
    output: options.Output = None,
    figures: options.Figures = None,
    force: options.Force = False,
    progress: options.ShowProgress = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> Answer:
    """Train a network by gradient flow, and write a report.

    The folder gets [bold]report.html[/bold], [bold]trajectory.zarr[/bold] (opens with xarray) and
    [bold]run.toml[/bold], which repeats the run. Ctrl-C keeps what has been computed.

    [bold]Examples[/bold]

    deeplinear run digits --widths 64,32,32,10 --scale 1e-4 --whiten

    deeplinear run planted --modes 5,4,3,2,1 --widths 5,5,5,5 -o out/five

    deeplinear run houses.csv --targets price --widths 6,4,1 --standardize

    deeplinear run out/five/run.toml --set init.seed=1 -o out/again
    """
    from deeplinear.cli import _summary
    from deeplinear.cli._execute import execute
    from deeplinear.cli._progress import display
    from deeplinear.cli._settings import gather, other_version, pair

    pairs = [
        *(pair(text, "--set") for text in settings or []),
        *(pair(text, "--data-option", "data.options.") for text in data_option or []),
        *(pair(text, "--init-option", "init.options.") for text in init_option or []),
    ]
    config = gather(
        source,
        {
            "--targets": targets,
            "--whiten": whiten,
            "--center": center,
            "--standardize": standardize,
            "--modes": modes,
            "--widths": widths,
            "--init": init,
            "--scale": scale,
            "--seed": seed,
            "--method": method,
            "--structure": structure,
            "--rtol": rtol,
            "--t-end": t_end,
            "--figures": figures,
        },
        pairs,
    )
    if not quiet and (note := other_version(config)):
        print(note, file=sys.stderr)
    target = output or Path("out", Path(config.data.source[0]).stem)
    with display(False if quiet else progress, t_end=config.flow.t_end) as shown:
        finished = execute(config, target, shown, force=force, command=context.obj)
    if quiet and _summary.exit_code(finished):
        print(finished.traj.status.sentence(), file=sys.stderr)
    return Answer(
        lambda: _summary.document(finished),
        lambda: "" if quiet else _summary.text(finished),
        _summary.exit_code(finished),
    )
