"""The catalog: products, their SKUs, categories, brands, channels and sellers."""
