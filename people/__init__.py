"""Who acts: the clinic, its users, what each may do, and the record of what they did."""
