"""The demo: a page to try a refiner on your own photographs."""
