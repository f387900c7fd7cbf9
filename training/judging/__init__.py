"""How good a model is, how sure that is, and which of several is better.

`evaluate` judges one model and `verdict` writes it down; `compare` trains or reads many on the same
texts, and `tables` writes them down. Point figures are in `training.metrics`, as training itself
needs them.
"""
