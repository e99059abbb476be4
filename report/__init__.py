"""``make report``: one page of charts out of the models of ``dbt/``. It works without a network."""
