"""What is lost when an attacker is shown a part only: of the face, of the time, of the clips?"""
