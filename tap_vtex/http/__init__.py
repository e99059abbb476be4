"""VTEX over HTTP: endpoints, requests, retries, the rate limit and workers."""
