# ruff: noqa: S608 - put together from constants of this module only
"""The questions to the server's catalog. Each gives rows of (name, of, properties): `of` is what the object belongs to.

Definitions are asked of the server's own functions (PostgreSQL documentation, "System Catalog Information Functions"),
which write them in one form, whoever wrote them first.
"""

from __future__ import annotations

# What belongs to an extension is named by the extension and its version.
OWN = """
WITH own AS (
    SELECT oid, nspname FROM pg_namespace
    WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
), foreign_ AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
relations AS (
    SELECT c.*, format('%I.%I', n.nspname, c.relname) AS named FROM pg_class c JOIN own n ON n.oid = c.relnamespace
    WHERE NOT EXISTS (SELECT FROM foreign_ f WHERE f.classid = 'pg_class'::regclass AND f.objid = c.oid)
)
"""
GRANTS = """
(SELECT coalesce(string_agg(
    format('%s:%s%s', CASE grantee WHEN 0 THEN 'public' WHEN {owner} THEN 'owner' ELSE grantee::regrole::text END,
           privilege_type, CASE WHEN is_grantable THEN '*' ELSE '' END), ' '
    ORDER BY CASE grantee WHEN 0 THEN 'public' WHEN {owner} THEN 'owner' ELSE grantee::regrole::text END,
             privilege_type), '')
 FROM aclexplode({acl}))
"""


def _grants(acl: str, owner: str, default: str) -> str:
    return GRANTS.format(acl=f"coalesce({acl}, acldefault('{default}', {owner}))", owner=owner)


QUERIES: dict[str, str] = {
    "schema": OWN
    + f"""SELECT format('%I', n.nspname), '', jsonb_build_object('grants', {_grants("n.nspacl", "n.nspowner", "n")},
        'comment', obj_description(n.oid, 'pg_namespace'))
    FROM own JOIN pg_namespace n USING (oid)""",
    "extension": """SELECT format('%I', extname), '', jsonb_build_object('version', extversion) FROM pg_extension
    WHERE extname <> 'plpgsql'""",
    "table": OWN
    + f"""SELECT c.named, c.named, jsonb_build_object(
        'kind', c.relkind, 'persistence', c.relpersistence, 'options', c.reloptions, 'identity', c.relreplident,
        'row level security', c.relrowsecurity, 'forced row level security', c.relforcerowsecurity,
        'partitions', pg_get_partkeydef(c.oid), 'partition', pg_get_expr(c.relpartbound, c.oid),
        'access method', (SELECT amname FROM pg_am WHERE oid = c.relam),
        'inherits', (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno)
                     FROM pg_inherits WHERE inhrelid = c.oid),
        'grants', {_grants("c.relacl", "c.relowner", "r")}, 'comment', obj_description(c.oid, 'pg_class'))
    FROM relations c WHERE c.relkind IN ('r', 'p', 'f')""",
    "column": OWN
    + """SELECT format('%s.%I', c.named, a.attname), c.named, jsonb_build_object(
        'type', format_type(a.atttypid, a.atttypmod), 'not null', a.attnotnull,
        'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
        'generated', CASE WHEN a.attgenerated <> ''
            THEN a.attgenerated::text || ' ' || pg_get_expr(d.adbin, d.adrelid) END,
        'identity', a.attidentity, 'collation', nullif(a.attcollation, t.typcollation)::regcollation,
        'storage', nullif(a.attstorage, t.typstorage), 'compression', a.attcompression,
        'statistics', nullif(a.attstattarget, -1), 'options', a.attoptions, 'grants', a.attacl::text,
        'place', (SELECT count(*) FROM pg_attribute b
                  WHERE b.attrelid = c.oid AND b.attnum > 0 AND b.attnum <= a.attnum AND NOT b.attisdropped),
        'comment', col_description(c.oid, a.attnum))
    FROM relations c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind IN ('r', 'p', 'f', 'c') AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraint": OWN
    + """SELECT format('%s.%I', coalesce(c.named, k.contypid::regtype::text), k.conname), coalesce(c.named, ''),
        jsonb_build_object('definition', pg_get_constraintdef(k.oid), 'validated', k.convalidated,
            'not enforced', (SELECT string_agg(DISTINCT tgenabled::text, ' ') FROM pg_trigger
                             WHERE tgconstraint = k.oid AND tgisinternal AND tgenabled <> 'O'),
            'inherited', NOT k.conislocal, 'comment', obj_description(k.oid, 'pg_constraint'))
    FROM pg_constraint k JOIN own ON own.oid = k.connamespace LEFT JOIN relations c ON c.oid = k.conrelid
    WHERE (c.oid IS NOT NULL OR k.contypid <> 0) AND k.contype <> 't'""",
    "index": OWN
    + """SELECT format('%I.%I', n.nspname, i.relname), c.named, jsonb_build_object(
        'definition', pg_get_indexdef(x.indexrelid), 'valid', x.indisvalid AND x.indisready, 'clustered',
        x.indisclustered,
        'replica identity', x.indisreplident, 'immediate', x.indimmediate,
        'comment', obj_description(i.oid, 'pg_class'))
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN own n ON n.oid = i.relnamespace
    JOIN relations c ON c.oid = x.indrelid""",
    "view": OWN
    + f"""SELECT c.named, c.named, jsonb_build_object('kind', c.relkind, 'definition', pg_get_viewdef(c.oid),
        'options', c.reloptions, 'populated', c.relispopulated, 'grants', {_grants("c.relacl", "c.relowner", "r")},
        'comment', obj_description(c.oid, 'pg_class'))
    FROM relations c WHERE c.relkind IN ('v', 'm')""",
    "sequence": OWN
    + f"""SELECT c.named, (SELECT coalesce(min(r.named), '') FROM pg_depend d JOIN relations r ON r.oid = d.refobjid
                     WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')),
        jsonb_build_object('type', s.seqtypid::regtype, 'start', s.seqstart,
        'increment', s.seqincrement, 'least', s.seqmin, 'most', s.seqmax, 'cache', s.seqcache, 'cycle', s.seqcycle,
        'owned by', (SELECT format('%s.%I', a.attrelid::regclass, a.attname) FROM pg_depend d
                     JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                     WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')),
        'grants', {_grants("c.relacl", "c.relowner", "s")}, 'comment', obj_description(c.oid, 'pg_class'))
    FROM relations c JOIN pg_sequence s ON s.seqrelid = c.oid""",
    "function": OWN
    + f"""SELECT format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), '',
        jsonb_build_object('kind', p.prokind, 'definition', CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid)
            ELSE (SELECT to_jsonb(a) - 'aggfnoid' || jsonb_build_object('aggtranstype', aggtranstype::regtype,
                'aggmtranstype', aggmtranstype::regtype, 'aggsortop', aggsortop::regoperator)
                FROM pg_aggregate a WHERE a.aggfnoid = p.oid)::text END,
        'grants', {_grants("p.proacl", "p.proowner", "f")}, 'comment', obj_description(p.oid, 'pg_proc'))
    FROM pg_proc p JOIN own n ON n.oid = p.pronamespace
    WHERE NOT EXISTS (SELECT FROM foreign_ f WHERE f.classid = 'pg_proc'::regclass AND f.objid = p.oid)""",
    "trigger": OWN
    + """SELECT format('%s.%I', c.named, t.tgname), c.named, jsonb_build_object(
        'definition', pg_get_triggerdef(t.oid), 'enabled', t.tgenabled, 'comment', obj_description(t.oid, 'pg_trigger'))
    FROM pg_trigger t JOIN relations c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal""",
    "rule": OWN
    + """SELECT format('%s.%I', c.named, r.rulename), c.named, jsonb_build_object(
        'definition', pg_get_ruledef(r.oid), 'enabled', r.ev_enabled)
    FROM pg_rewrite r JOIN relations c ON c.oid = r.ev_class WHERE r.rulename <> '_RETURN'""",
    "policy": OWN
    + """SELECT format('%s.%I', c.named, p.polname), c.named, jsonb_build_object('command', p.polcmd,
        'permissive', p.polpermissive, 'using', pg_get_expr(p.polqual, p.polrelid),
        'check', pg_get_expr(p.polwithcheck, p.polrelid),
        'roles', (SELECT string_agg(CASE one WHEN 0 THEN 'public' ELSE one::regrole::text END, ', '
                  ORDER BY CASE one WHEN 0 THEN 'public' ELSE one::regrole::text END) FROM unnest(p.polroles) one))
    FROM pg_policy p JOIN relations c ON c.oid = p.polrelid""",
    "type": OWN
    + f"""SELECT format('%I.%I', n.nspname, t.typname), '', jsonb_build_object('kind', t.typtype,
        'labels', (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder)
                   FROM pg_enum WHERE enumtypid = t.oid),
        'base', CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END, 'default', t.typdefault,
        'not null', t.typnotnull, 'collation', nullif(t.typcollation, 0)::regcollation,
        'range', (SELECT concat_ws(' ', rngsubtype::regtype, nullif(rngcollation, 0)::regcollation, opcname,
                                      rngcanonical, rngsubdiff)
                   FROM pg_range JOIN pg_opclass o ON o.oid = rngsubopc WHERE rngtypid = t.oid),
        'grants', {_grants("t.typacl", "t.typowner", "T")}, 'comment', obj_description(t.oid, 'pg_type'))
    FROM pg_type t JOIN own n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
      AND NOT EXISTS (SELECT FROM foreign_ f WHERE f.classid = 'pg_type'::regclass AND f.objid = t.oid)""",
    "statistics": OWN
    + """SELECT format('%I.%I', n.nspname, s.stxname), s.stxrelid::regclass::text, jsonb_build_object(
        'definition', pg_get_statisticsobjdef(s.oid), 'target', nullif(s.stxstattarget, -1))
    FROM pg_statistic_ext s JOIN own n ON n.oid = s.stxnamespace""",
    "event trigger": """SELECT format('%I', evtname), '', jsonb_build_object('event', evtevent, 'tags', evttags,
        'function', evtfoid::regproc, 'enabled', evtenabled) FROM pg_event_trigger e
    WHERE NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_event_trigger'::regclass AND d.objid = e.oid AND d.deptype = 'e')""",
    "default privilege": OWN
    + """SELECT format('%s %s', coalesce(d.defaclnamespace::regnamespace::text, 'everywhere'), d.defaclobjtype), '',
        jsonb_build_object('grants', d.defaclacl::text)
    FROM pg_default_acl d""",
}
