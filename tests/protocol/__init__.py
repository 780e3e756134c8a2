"""Wire protocols against published frames, every cut of a reply, and random bytes."""
