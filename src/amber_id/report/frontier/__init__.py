"""The page of a frontier: several defences, privacy against utility."""
