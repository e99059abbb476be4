"""VTEX over HTTP: endpoints, requests, retries, rate limit and workers."""
