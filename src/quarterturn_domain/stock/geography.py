"""Geography: where on Earth a place is, in whole microdegrees, and how far two places are from each other, in whole metres."""

from __future__ import annotations

from fractions import Fraction
from math import asin, atan2, ceil, cos, degrees, radians, sin, sqrt
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import Invalid

MICRODEGREES: Final = 1_000_000
"""How many microdegrees a degree has; one is a ninth of a metre."""

EARTH_RADIUS_METRES: Final = 6_371_009
"""The mean radius of the Earth (IUGG, 2 a + b over 3); a sphere of it is within 0.6 % of every real distance."""

MAX_DISTANCE_METRES: Final = 20_015_116
"""Half of its circumference: nothing is further away."""

_NORTH_POLE: Final = 90 * MICRODEGREES
_DATE_LINE: Final = 180 * MICRODEGREES
# A degree of latitude has 111,194.9 m: by the smaller number a box is too large by a hair, never too small.
_METRES_OF_A_DEGREE: Final = 111_194


@attrs.frozen
class Coordinates:
    """A point on Earth in microdegrees: `latitude` grows to the north, `longitude` to the east."""

    latitude: int
    longitude: int

    def refuse_unless_on_earth(self) -> None:
        """Raise `Invalid` for a latitude beyond a pole or a longitude beyond the date line."""
        if abs(self.latitude) > _NORTH_POLE:
            raise Invalid(f"a latitude of {self.latitude} microdegrees", f"-{_NORTH_POLE} to {_NORTH_POLE}")
        if abs(self.longitude) > _DATE_LINE:
            raise Invalid(f"a longitude of {self.longitude} microdegrees", f"-{_DATE_LINE} to {_DATE_LINE}")


@attrs.frozen
class Box:
    """A range of latitudes and of longitudes; where `west` is greater than `east` it lies across the date line."""

    south: int
    north: int
    west: int
    east: int

    def holds(self, point: Coordinates) -> bool:
        """Whether `point` lies in the box or on its edge."""
        if not self.south <= point.latitude <= self.north:
            return False
        if self.west <= self.east:
            return self.west <= point.longitude <= self.east
        return point.longitude >= self.west or point.longitude <= self.east


def distance_metres(one: Coordinates, other: Coordinates) -> int:
    """The great-circle distance on a sphere, by the haversine formula, rounded to the metre.

    >>> berlin, paris = Coordinates(52_520_000, 13_405_000), Coordinates(48_856_600, 2_352_200)
    >>> distance_metres(berlin, paris)
    877465
    """
    whole, half = MICRODEGREES, 2 * MICRODEGREES
    across = sin(radians(Fraction(other.latitude - one.latitude, half))) ** 2
    along = sin(radians(Fraction(other.longitude - one.longitude, half))) ** 2
    narrowed = cos(radians(Fraction(one.latitude, whole))) * cos(radians(Fraction(other.latitude, whole)))
    return round(2 * EARTH_RADIUS_METRES * asin(min(1, sqrt(across + narrowed * along))))


def box_around(centre: Coordinates, radius_metres: int) -> Box:
    """A box that holds every point within the radius; it also holds others."""
    # Distances are rounded: what is half a metre further still counts.
    height = -(-(radius_metres + 1) * MICRODEGREES // _METRES_OF_A_DEGREE)
    south, north = centre.latitude - height, centre.latitude + height
    if south <= -_NORTH_POLE or north >= _NORTH_POLE:
        # A pole is inside: whoever stands there sees every longitude.
        return Box(max(south, -_NORTH_POLE), min(north, _NORTH_POLE), -_DATE_LINE, _DATE_LINE)
    # The meridians that touch the circle are asin(sin(radius) / cos(latitude)) away; without a quotient that is an atan2.
    reach = sin(radians(Fraction(height, MICRODEGREES)))
    ring = cos(radians(Fraction(centre.latitude, MICRODEGREES)))
    if reach >= ring:
        return Box(south, north, -_DATE_LINE, _DATE_LINE)
    width = ceil(degrees(atan2(reach, sqrt(ring**2 - reach**2))) * MICRODEGREES) + 1
    return Box(south, north, _wrapped(centre.longitude - width), _wrapped(centre.longitude + width))


def _wrapped(longitude: int) -> int:
    return (longitude + _DATE_LINE) % (2 * _DATE_LINE) - _DATE_LINE
