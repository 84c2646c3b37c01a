-- Who last said of a person that they are away or back, and when: what was said before, and arrives later, is not believed.
-- depends: 0012.privacy

create index audit_absences on audit (station_id, object, id desc) where act in ('person.away', 'person.back');
