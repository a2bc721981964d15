"""The page and the figures of one evaluation."""
