"""What else than identity do clips tell, and are some groups of people recognised more than others?"""
