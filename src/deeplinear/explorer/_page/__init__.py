"""The page: `_page` declares it, `_desk` is one open tab.

The controls (`_controls` and what it is made of) change the settings; `_stream` sends what a run
has found so far to the script in `static/`, as `_view` prepares it, panel by panel.
"""
