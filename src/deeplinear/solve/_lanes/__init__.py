"""Eight members at once, one in each lane of the vector registers: `_methods`, written again.

`_runner` sets up what `_batch`, the compiled loop over members, works on. It calls the methods
(`_explicit`, `_stabilized`), `_monitor` and `_learning`, which evaluate the `_field`; all are
written in the eight-fold `_numbers` and share the memory that `_state` lays out.
"""
