"""Deeplinear against the solvers that its users would otherwise take, at equal accuracy."""
