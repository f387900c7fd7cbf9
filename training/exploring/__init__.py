"""What a labelled data set is made of: counted, charted, and written to one page.

`explore` counts and `page` writes; nothing here trains or needs a network.
"""
