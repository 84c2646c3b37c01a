-- What a version was tried by, as it was written (YAML): whoever writes the next one begins with these tests.
-- depends: 0005.rules

alter table rule_version add column tests text;
