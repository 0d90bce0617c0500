"""`deeplinear demo`: a planted spectrum, then the handwritten digits."""

from pathlib import Path
from typing import Any

import typer

from deeplinear._core.errors import MissingExtraError
from deeplinear.cli import _options as options
from deeplinear.cli._app import Answer

_EXAMPLES: dict[str, dict[str, Any]] = {
    "planted": {
        "data": {"source": "planted", "s": [5.0, 4.0, 3.0, 2.0, 1.0]},
        "network": {"widths": [5, 5, 5, 5]},
        "init": {"name": "gaussian", "scale": 1e-3, "seed": 0},
    },
    "digits": {
        "data": {"source": "digits", "whiten": True},
        "network": {"widths": [64, 32, 32, 10]},
        "init": {"name": "gaussian", "scale": 1e-4, "seed": 0},
    },
}


def demo(
    context: typer.Context,
    output: options.DemoOutput = Path("out/demo"),
    figures: options.Figures = None,
    progress: options.ShowProgress = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> Answer:
    """Run two examples: a planted spectrum, then the handwritten digits.

    Each example gets a folder with its report; running the demo again replaces both.

    [bold]Example[/bold]

    deeplinear demo -o out/demo
    """
    from deeplinear.cli import _summary
    from deeplinear.cli._config import Config
    from deeplinear.cli._execute import execute
    from deeplinear.cli._folder import require_free
    from deeplinear.cli._progress import display

    for name in _EXAMPLES:
        require_free(output / name, force=True)
    runs, notes = [], []
    for name, settings in _EXAMPLES.items():
        config = Config.model_validate(settings | {"output": {"figures": bool(figures)}})
        try:
            with display(False if quiet else progress, t_end=None) as shown:
                target = output / name
                runs.append(execute(config, target, shown, force=True, command=context.obj))
            if runs[-1].traj.status == "interrupted":
                break
        except MissingExtraError as error:
            notes.append(f"The {name} were left out. {error}")
    code = max(map(_summary.exit_code, runs))

    def document() -> dict[str, Any]:
        documents = [_summary.document(done) for done in runs]
        return {"ok": code == 0, "exit_code": code, "runs": documents, "notes": notes}

    def text() -> str:
        return "" if quiet else "\n\n".join([*map(_summary.text, runs), *notes])

    return Answer(document, text, code)
