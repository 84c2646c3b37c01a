"""The opening scene: what a visitor of the demo sees in the first two minutes, written as a schedule."""

from simulators import door, school_button
from simulators.habits import Scene, cues
from simulators.site_file import Site

DENIED_AT_S = (40.0, 47.0, 56.0, 69.0, 81.0, 94.0)
"""Six refused swipes within 60 s, at uneven moments, as a person tries a card that isn't theirs."""


def opening_scene(site: Site) -> Scene:
    """Return the scene for a site, in order of time; what a site lacks is left out.

    It plays where residents don't pass, so that nobody's habit closes the held door. Times are
    seconds from the start. They don't follow --speed: how long a door is held or how close swipes are is what
    rules look at.
    """
    gatehouse = site.find("school_button", "school_gate")
    stockroom = site.find("door_controller", "restricted_door") or site.find("door_controller", "mall")
    building_doors = site.find("door_controller", "building")
    entrances = {site.entrance_of(contact.place) for contact in site.find("door_contact", "flat")}
    back_doors = [controller for controller in building_doors if controller not in entrances]
    scene: Scene = []

    # 00:10  The first school's gatehouse presses its button, and it stays pressed: somebody has to go there.
    for button in gatehouse[:1]:
        scene += cues(button.id, school_button.press("gatehouse"), at_s=10.0)

    # 00:25  Somebody moves furniture by the first back door: held open, closed at 01:35. Harmless.
    for back_door in back_doors[:1]:
        scene += cues(back_door.id, door.held_then_closed(31.0, 70.0, "card:3c1d"), at_s=25.0)

    # 00:40  One card is refused at the mall's stockroom, six times in a minute.
    for restricted in stockroom[:1]:
        for moment in DENIED_AT_S:
            scene += cues(restricted.id, door.denied_swipe("card:0bad"), at_s=moment)

    # 01:45  The last back door is forced; a neighbour pushes it shut later.
    for back_door in back_doors[1:][-1:]:
        scene += cues(back_door.id, door.forced_then_closed(40.0), at_s=105.0)

    return sorted(scene, key=lambda cue: cue.at_s)
