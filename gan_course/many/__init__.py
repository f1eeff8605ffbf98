"""How are many seeds trained and counted? Settings, recipes, stacked networks, and `train`."""
