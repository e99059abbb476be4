{{ staged("carts", key=["account_name", "client_id"], columns=[
    ["account_name", "account_name", "id"],
    ["client_id", "client_id", "id"],
    ["user_id", "userId", "id"],
    ["last_activity_at", "last_activity_at", "time"],
    ["session_id", "session_id", "text"],
    ["session_at", "session_date", "time"],
    ["checkout_stage", "checkout_stage", "text"],
    ["is_finished", "is_finished", "boolean"],
    ["cart_value", "cart_value", "number"],
    ["items", "items", "json"],
    ["recovery_url", "recovery_url", "text"],
]) }}
