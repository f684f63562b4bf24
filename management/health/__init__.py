"""How the installation is and how its campaigns go."""
