"""The demo: a web page for trying a refiner on photographs."""
