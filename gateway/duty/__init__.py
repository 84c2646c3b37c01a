"""Who answers: the roster, who is on duty where and when, who is nearest, and whether nobody is ever missing."""
