"""What a model must be able to do, in sentences of our own: negation, contrast, noise, fairness.

`suite` holds and runs them. The JSON files were written by hand and frozen (SHA256SUMS) before any
training augmentation was; an expectation is never loosened to fit a model, and nothing here is
ever trained on.
"""
