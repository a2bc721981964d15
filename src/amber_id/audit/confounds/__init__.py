"""What, other than motion of the face, could tell the people of a corpus apart? One check, one file."""
