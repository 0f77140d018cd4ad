"""Coverage-guided fuzzing of what reads other people's texts and files."""
