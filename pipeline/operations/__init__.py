"""Running a batch: what is taken in, what is accounted for, what is put out."""
