"""Makes every Intune device of a tenant check in now, from a sandbox that can do nothing else."""
