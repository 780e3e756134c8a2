"""Settings, the catalogue of printer families, the cloud profiles: data that people write."""
