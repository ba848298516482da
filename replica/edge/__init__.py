"""Everything between a browser and the services, as one Caddy configuration: a pure function of
places and faults.

Caddy, because one program can imitate CloudFront, the gateway and S3's front door, and changes its
whole configuration at run time in milliseconds.
"""
