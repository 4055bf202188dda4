"""The eyes and hands: one AMI session that is read strictly, and the few actions we ask of it."""
