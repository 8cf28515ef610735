"""From the layers and features of a case file to a mesh with named regions, interfaces and boundaries."""
