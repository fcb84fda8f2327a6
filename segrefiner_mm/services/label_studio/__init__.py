"""An ML backend for Label Studio that refines brushes and polygons."""
