"""`deeplinear saddles`."""

from deeplinear.cli import _options as options
from deeplinear.cli._app import Answer


def saddles(
    folder: options.RunFolder, as_json: options.Json = False, debug: options.Debug = False
) -> Answer:
    """Tell the itinerary of a run: the modes it learned, and the saddles it waited at.

    Each visit is a stretch of the run during which one set of modes was learned. Near each is the
    critical point, if there is one, with the test that decided what it is.

    [bold]Example[/bold]

    deeplinear saddles out/digits
    """
    from deeplinear.analysis import itinerary
    from deeplinear.cli import _visits
    from deeplinear.cli._documents import load_run
    from deeplinear.cli._progress import working

    traj = load_run(folder)
    with working("Looking for the saddles near the run ..."):
        found = itinerary(traj)
    widths = "-".join(map(str, traj.widths))
    title = f"{folder}, {widths}: {traj.status} at t = {traj.t_end:.5g}"
    return Answer(
        lambda: {
            "ok": True,
            "exit_code": 0,
            "folder": str(folder),
            "widths": list(traj.widths),
            "status": str(traj.status),
            "t_end": traj.t_end,
            **_visits.itinerary_document(found),
        },
        lambda: "\n".join([title, "", *_visits.full(traj, found)]),
    )
