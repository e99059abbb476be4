{{ staged("products", key=["account_name", "Id"], columns=[
    ["account_name", "account_name", "id"],
    ["product_id", "Id", "text"],
    ["name", "Name", "text"],
    ["brand_id", "BrandId", "text"],
    ["brand_name", "brand_name", "text"],
    ["category_id", "CategoryId", "text"],
    ["category_names", "category_names", "json"],
    ["product_url", "product_url", "text"],
    ["is_visible", "IsVisible", "boolean"],
    ["is_active", "IsActive", "boolean"],
]) }}
