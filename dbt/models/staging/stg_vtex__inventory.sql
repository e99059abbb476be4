{{ staged("inventory", key=["account_name", "skuId", "warehouseId"], columns=[
    ["account_name", "account_name", "id"],
    ["sku_id", "skuId", "text"],
    ["warehouse_id", "warehouseId", "text"],
    ["total_quantity", "totalQuantity", "number"],
    ["reserved_quantity", "reservedQuantity", "number"],
    ["is_unlimited", "hasUnlimitedQuantity", "boolean"],
]) }}
