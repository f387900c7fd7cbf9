"""From a trained network to a bundle that workers load: graph, eight bits, calibration, card.

`export` does it all with the others' help; `parity` is the gate that every graph has to pass.
"""
