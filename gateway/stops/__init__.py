"""The stops of the road, one file each, named by their verb."""
