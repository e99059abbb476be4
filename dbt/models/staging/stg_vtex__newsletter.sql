{{ staged("newsletter", key=["account_name", "source_entity", "id"], columns=[
    ["account_name", "account_name", "id"],
    ["source_entity", "source_entity", "text"],
    ["subscriber_id", "id", "id"],
    ["user_id", "userId", "id"],
    ["created_at", "createdIn", "time"],
    ["last_activity_at", "last_activity_at", "time"],
    ["email", "email", "id"],
    ["name", "name", "text"],
    ["opt_in", "opt_in", "boolean"],
]) }}
