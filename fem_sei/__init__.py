"""fem_sei: finite elements for metal anodes, their solid-electrolyte interphases and coatings.

Importing the package needs neither DOLFINx nor MPI; `fem_sei.case`, `fem_sei.materials`,
`fem_sei.closed_form` and `fem_sei.post` never do.
"""

__version__ = "0.1.0"
