"""``make demo``: a made-up store, loaded into PostgreSQL by Meltano as a real one would be."""
