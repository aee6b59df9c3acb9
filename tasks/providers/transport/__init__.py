"""The only module of the product that opens connections: requests to providers, and downloads."""
