"""A person's rhythm: at which half-hours signs of life are usual, how long silences are, and when one is too long.

The circadian gap quantile (CGQ), reduced to one test per silence: empty half-hours add up to a score, each by how
unusual it is; the limit is the level which the resident's own past silences exceed as often as may be alerted falsely
(`rho`, per 30 days). But for `home`, nothing here knows of events, devices or the registry: times are seconds of Unix
time, spans and silences hours, scores nats.
"""
