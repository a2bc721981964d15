"""The page of the study of the thesis."""
