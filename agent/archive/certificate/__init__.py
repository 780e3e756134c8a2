"""Is the archive complete? Made every morning, as JSON and as a page for people.

index --holding--> Zs by source --compare, gaps, absences--> certificate --as_json, page--> files
"""
