"""How one state is advanced: the methods, and the compiled loop that chooses among them.

`_state` lists the numbers that a run consists of, `_method` says what a method is; each method is
one file (`_explicit`, `_stabilized`, `_collocation`, `_descent`). After a step a method calls
`_monitor`, and `_structure` where something is to be kept exactly (`_laws`, `_monotone`). `_drive`
runs the methods and changes between them; `_engine` binds all that to a problem, for the driver.
"""
