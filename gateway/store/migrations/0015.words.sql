-- Why something was shelved or a turn was swapped may speak of people: sealed like other words.
-- depends: 0014.bulletins

-- `reason` is of older versions: it is sealed and emptied after the migration (gateway/sealing_up.py).
alter table shelf alter column reason drop not null;
alter table shelf add column reason_sealed bytea;
alter table swap alter column reason drop not null;
alter table swap alter column reason drop default;
alter table swap add column reason_sealed bytea;

-- Where it was shown beside the shelf it stands in the clear: the stream's shelves, the pages of handovers. The shelf
-- itself still says it.
update change set body = body - 'reason' where kind = 'shelf';
update desk_handover h set page = jsonb_set(h.page, '{shelved}', coalesce((
    select jsonb_agg(told.one - 'reason' order by told.n)
    from jsonb_array_elements(h.page -> 'shelved') with ordinality as told (one, n)), '[]'))
where jsonb_typeof(h.page -> 'shelved') = 'array';

-- The trail stays append-only; one thing may be done to a line: words that stand in it in the clear are sealed.
drop trigger audit_append_only on audit;
create function refuse_audit_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.detail ? 'reason' and old.said_sealed is null and new.said_sealed is not null
        and to_jsonb(new) - 'said_sealed' - 'detail' = to_jsonb(old) - 'said_sealed' - 'detail'
        and new.detail = old.detail - 'reason' then
        return new;
    end if;
    raise exception 'audit is append-only';
end
$$;
create trigger audit_append_only before update or delete on audit
    for each row execute function refuse_audit_change();
create trigger audit_kept before truncate on audit for each statement execute function refuse_change();
