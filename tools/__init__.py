"""Commands behind the Makefile: run the notebooks, render the site, check it."""
