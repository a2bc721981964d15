"""The page of several studies side by side."""
