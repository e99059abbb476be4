"""Master Data: clients, addresses, newsletter subscribers, and entities that stores add."""
