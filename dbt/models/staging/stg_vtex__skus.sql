{{ staged("skus", key=["account_name", "Id"], columns=[
    ["account_name", "account_name", "id"],
    ["sku_id", "Id", "text"],
    ["product_id", "ProductId", "text"],
    ["name", "NameComplete", "text"],
    ["product_name", "ProductName", "text"],
    ["sku_name", "SkuName", "text"],
    ["ref_id", "ref_id", "text"],
    ["eans", "eans", "json"],
    ["brand_name", "BrandName", "text"],
    ["is_active", "IsActive", "boolean"],
    ["is_product_active", "IsProductActive", "boolean"],
    ["updated_at", "date_updated", "time"],
]) }}
