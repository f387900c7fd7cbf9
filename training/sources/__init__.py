"""Any labelled data set as `training.data.Corpus`: files, folders, ids of the Hugging Face hub.

`load_corpus` for one data set, `load_corpora` where a folder may hold several, `load_several` for
more than one of them. Columns are found by name, labels mapped onto the canonical emotions, missing
parts cut from the training part.
"""

from training.sources.load import load_corpora, load_corpus, load_several

__all__ = ["load_corpora", "load_corpus", "load_several"]
