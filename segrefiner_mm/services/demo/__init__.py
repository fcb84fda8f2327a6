"""The demo: a page to try a refiner on a photograph of one's own."""
