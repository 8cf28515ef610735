"""What a delamination case leaves out, filled in: materials, laws of the interfaces, pressure, control."""

from fem_sei.case.cohesive_sizes import default_shear_stiffness, default_stiffness
from fem_sei.case.delamination import DelaminationCase, Interface, Loading
from fem_sei.case.rules import material
from fem_sei.closed_form.kinetics import F
from fem_sei.materials import library
from fem_sei.materials.library import Material

PRINTED_PRESSURE = {"Li": 100e6, "Na": 59e6}  # Pa, Pirayesh et al., Adv. Mater. 35 (2023) 2301414, Fig. 4
LITHIUM = "Li"


def fill_in(case: DelaminationCase) -> DelaminationCase:
    """Every material that is used, both modes and stiffnesses of every interface, interface and pressure of
    [loading], the assumption in 2-D, and the control of the path."""
    used = {layer.material: material(case, layer.material) for layer in case.geometry.layers}
    if case.loading is not None and case.loading.metal is not None:
        used[case.loading.metal] = material(case, case.loading.metal)
    mechanics, path = case.mechanics, case.path
    if case.geometry.dimension == 2 and mechanics.assumption is None:
        mechanics = mechanics.model_copy(update={"assumption": "plane_strain"})
    if path.control is None:
        path = path.model_copy(update={"control": "load" if case.loading is None else "volume"})
    case = case.model_copy(update={"materials": used, "mechanics": mechanics, "path": path})
    interfaces = [_complete(case, interface) for interface in case.interfaces]
    loading = case.loading
    if loading is not None:
        on = loading.on or next(interface.on for interface in interfaces if interface.flaw)
        loading = loading.model_copy(update={"on": on, "pressure": _pressure(loading, used)})
    return case.model_copy(update={"interfaces": interfaces, "loading": loading})


def _complete(case: DelaminationCase, interface: Interface) -> Interface:
    shear = {
        "shear_strength": interface.shear_strength or interface.strength,
        "shear_fracture_energy": interface.shear_fracture_energy or interface.fracture_energy,
    }
    interface = interface.model_copy(update=shear)
    K = interface.stiffness or default_stiffness(case, interface)
    K_s = interface.shear_stiffness or default_shear_stiffness(interface, K)
    return interface.model_copy(update={"stiffness": K, "shear_stiffness": K_s})


def _pressure(loading: Loading, materials: dict[str, Material]) -> float:
    """Pressure (Pa) at load factor 1, in whichever way it is given.

    Overpotential eta: sigma = z F |eta| / V_m, equilibrium of the metal under stress with the electrolyte.
    The numbers of Pirayesh et al. 2023 do not follow from one another: their Eq. 1 (sigma V_m = F Delta_phi)
    at the same Delta_phi gives sigma_Na/sigma_Li = V_m(Li)/V_m(Na) = 0.547, 54.7 MPa for 100 MPa on Li. The
    text uses 59 MPa, from a ratio of 0.59 that it calls measured, and also the ratio 1.82, which is
    V_m(Na)/V_m(Li) of the bulk metals and would give 54.9 MPa.
    """
    if loading.pressure is not None:
        return loading.pressure
    metal = materials[loading.metal]
    if loading.overpotential is not None:
        return metal.z * F * abs(loading.overpotential) / metal.value("V_m")
    if loading.published == "text":
        return PRINTED_PRESSURE[loading.metal]
    lithium = library.from_library(LITHIUM)
    return PRINTED_PRESSURE[LITHIUM] * lithium.value("V_m") / metal.value("V_m")
