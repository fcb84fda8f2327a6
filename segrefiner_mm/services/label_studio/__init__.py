"""The ML backend of Label Studio: brushes and polygons, refined."""
