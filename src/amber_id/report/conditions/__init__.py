"""The page of several conditions: who recognises whom across avatars."""
