"""Materials: property values and laws, each with unit, flag and source."""
