"""The store's Master Data, version 1: clients, addresses, newsletter, entities of its own."""
