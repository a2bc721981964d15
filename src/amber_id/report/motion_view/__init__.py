"""The page that plays one recording."""
