"""The page: controls on the left, pictures beside them."""

from nicegui import Client, app, ui
from starlette.requests import Request

from deeplinear.explorer._limits import LimitError
from deeplinear.explorer._page._desk import Desk
from deeplinear.explorer._page._pictures import STATIC, plotly_script
from deeplinear.explorer._runs._sessions import House

SCRIPT = "/plotly.js"


def register(house: House) -> None:
    """Let the application answer with the page of this house."""
    app.add_static_file(local_file=plotly_script(), url_path=SCRIPT, max_cache_age=86400)
    style = (STATIC / "explorer.css").read_text(encoding="utf-8")

    @ui.page("/", title="deeplinear explorer", dark=None, language="en-US")
    def index(client: Client, request: Request) -> None:
        """One tab."""
        ui.add_css(style)
        ui.add_head_html(f'<script async id="dl-plotly" src="{SCRIPT}"></script>')
        try:
            session = house.enter()
        except LimitError as error:
            ui.label(str(error)).classes("dl-words").props("role=alert")
            return
        Desk(session, client, request.url.query)
