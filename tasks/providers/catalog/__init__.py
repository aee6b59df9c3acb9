"""Models with their rules and list prices, and the request that is checked against them. Pure."""
