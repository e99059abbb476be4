"""Master Data version 1: clients, addresses, newsletter, and an entity of the store's own."""
