"""Several defences and strengths against the same informed attackers: privacy against utility."""
