"""Rates and benefits: promotions and coupons."""
