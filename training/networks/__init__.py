"""The architectures that can be trained, each `forward(ids (B, T), lengths (B,)) -> (B, E)`."""
