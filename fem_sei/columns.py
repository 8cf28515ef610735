"""The columns of a history: what each measures, and whether the moment it passes a value can be found."""

from dataclasses import dataclass
from typing import Literal

from fem_sei.units import (
    CHARGE_PER_AREA,
    CONCENTRATION,
    CURRENT_DENSITY,
    LENGTH,
    NUMBER,
    POTENTIAL,
    PRESSURE,
    TIME,
    Dimension,
)


@dataclass(frozen=True)
class Column:
    """``smooth``: continuous in time "always", only "within a step" of the operation (it jumps with what is
    imposed), or "never" (counters and rounding errors)."""

    dimension: Dimension
    smooth: Literal["always", "within a step", "never"] = "always"


COLUMNS = {
    "step": Column(NUMBER, "never"),
    "time": Column(TIME),
    "dt": Column(TIME, "never"),
    "current_density": Column(CURRENT_DENSITY, "within a step"),
    "cell_voltage": Column(POTENTIAL, "within a step"),
    "charge": Column(CHARGE_PER_AREA),
    "deposited_thickness": Column(LENGTH),
    "tip": Column(LENGTH),
    "valley": Column(LENGTH),
    "roughness": Column(LENGTH),
    "c_tip": Column(CONCENTRATION),
    "c_valley": Column(CONCENTRATION),
    "c_min": Column(CONCENTRATION),
    "charge_balance": Column(NUMBER, "never"),
    "salt_balance": Column(NUMBER, "never"),
    "profile_width": Column(NUMBER),
    "metal_regions": Column(NUMBER, "never"),
    "newton_iterations": Column(NUMBER, "never"),
    "linear_iterations": Column(NUMBER, "never"),
}
# of cases with [mechanics]: compression of the metal surface along its normal, mean, smallest and largest
STRESS_COLUMNS = {
    "front_pressure": Column(PRESSURE),
    "front_pressure_min": Column(PRESSURE),
    "front_pressure_max": Column(PRESSURE),
}
ALL_COLUMNS = COLUMNS | STRESS_COLUMNS
