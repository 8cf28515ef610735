// Half of a stack whose coating has been thinned by a scratch: what layers of constant thickness cannot describe.
// Lengths in um; x = 0 is the middle of the scratch (a mirror), y = 0 the surface of the metal. Groups: the names of the
// layers of cases/tutorials/scratched_coating.toml, and "top" where the counter electrode is.
width = 1.2; metal = 0.3; coating = 0.8; electrolyte = 0.7;
scratch = 0.35;      // its depth
half_width = 0.4;
fine = 0.015;        // in the band that the front crosses
coarse = 0.12;

Point(1) = {0, -metal, 0};         Point(2) = {width, -metal, 0};
Point(3) = {0, 0, 0};              Point(4) = {width, 0, 0};
Point(5) = {0, coating - scratch, 0};
Point(6) = {half_width, coating, 0}; Point(7) = {width, coating, 0};
Point(8) = {0, coating + electrolyte, 0}; Point(9) = {width, coating + electrolyte, 0};
Point(10) = {0.5 * half_width, coating - scratch, 0}; Point(11) = {0.5 * half_width, coating, 0};
Line(1) = {1, 2}; Line(2) = {3, 4}; Line(3) = {6, 7}; Line(4) = {8, 9};
Bezier(5) = {5, 10, 11, 6};        // the flank, level at both ends
Line(6) = {1, 3}; Line(7) = {3, 5}; Line(8) = {5, 8};
Line(9) = {2, 4}; Line(10) = {4, 7}; Line(11) = {7, 9};
Curve Loop(1) = {1, 9, -2, -6};     Plane Surface(1) = {1};
Curve Loop(2) = {2, 10, -3, -5, -7}; Plane Surface(2) = {2};
Curve Loop(3) = {5, 3, 11, -4, -8};  Plane Surface(3) = {3};
Physical Surface("metal") = {1}; Physical Surface("coating") = {2}; Physical Surface("electrolyte") = {3};
Physical Curve("top") = {4}; Physical Curve("coating|electrolyte") = {5, 3};

Field[1] = Box;      // PADDING = 2 interface widths below and above what is grown
Field[1].XMin = -1; Field[1].XMax = 2 * width; Field[1].YMin = -0.13; Field[1].YMax = 0.26;
Field[1].VIn = fine; Field[1].VOut = coarse; Field[1].Thickness = 0.5;
Background Field = 1;
Mesh.MeshSizeExtendFromBoundary = 0; Mesh.MeshSizeFromPoints = 0;
Mesh.Algorithm = 6;
