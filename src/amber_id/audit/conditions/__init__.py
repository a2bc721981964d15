"""What does an attacker who learnt from one condition find in another?"""
