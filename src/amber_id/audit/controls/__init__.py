"""Does a study find nothing where there is nothing, and what is planted where something is?"""
