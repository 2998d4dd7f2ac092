"""Gates: one pure function for each question that a verdict rests on."""
