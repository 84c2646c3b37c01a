"""What a camera can be asked to notice, one file each. Each names its source and what it cannot see."""
