"""Who attacks, on whom, and which attacker is the strongest?"""
