"""One run as a document: a page that opens anywhere, and figures for a paper.

>>> import tempfile
>>> from pathlib import Path
>>> import deeplinear as dl
>>> from deeplinear.report import write_report
>>> problem = dl.Problem.from_modes([2.0, 1.0])
>>> traj = dl.gradient_flow(problem, dl.LinearNetwork([[[0.1, 0.0], [0.0, 0.1]]] * 2))
>>> with tempfile.TemporaryDirectory() as folder:
...     write_report(traj, Path(folder) / "report.html").name
'report.html'
"""

from deeplinear.report._summary import summary
from deeplinear.report._write import save_figures, write_report

__all__ = ["save_figures", "summary", "write_report"]
