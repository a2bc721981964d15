"""How is the study of the thesis done again on other people?"""
