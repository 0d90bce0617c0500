"""What is run: every choice on the left of the page as one value, which is also a link.

`_model` holds the value, made of `_parts`; `_links` writes it into an address; `_mistakes` says
what is wrong with it; `_presets` are values that tell a story.
"""
