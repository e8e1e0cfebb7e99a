// RateLimits
