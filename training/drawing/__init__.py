"""What pages and charts of training share, and pictures of a network: its layers, where it looks.

`templates` holds the pages of all rooms of training. What a chart shows is up to the room whose
figures it draws: `training.judging.plots`, `training.exploring.charts`.
"""
