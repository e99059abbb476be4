"""What a person reads about a run: progress, the summary, the access check."""
