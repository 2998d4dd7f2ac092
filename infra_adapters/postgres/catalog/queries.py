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
# Who owns a thing is no part of what it is, so an owner is named as such.
ROLE = "CASE {role} WHEN 0 THEN 'public' WHEN {owner} THEN 'owner' ELSE {role}::regrole::text END COLLATE \"C\""
GRANTS = """
(SELECT coalesce(string_agg(format('%s:%s%s', {role}, privilege_type, CASE WHEN is_grantable THEN '*' ELSE '' END), ' '
    ORDER BY {role}, privilege_type COLLATE "C"), '')
 FROM aclexplode({acl}))
"""


def granted(acl: str, owner: str) -> str:
    """What a list of grants says, in one order, as SQL."""
    return GRANTS.format(acl=acl, role=ROLE.format(role="grantee", owner=owner))


def grants(acl: str, owner: str, default: str) -> str:
    """The same where no list stands for the usual grants of this kind of object."""
    return granted(f"coalesce({acl}, acldefault('{default}', {owner}))", owner)


def _options(options: str) -> str:
    return f"""(SELECT string_agg(one, ', ' ORDER BY one COLLATE "C") FROM unnest({options}) one)"""


POLICY_ROLE = ROLE.format(role="one", owner="c.relowner")
TABLESPACE = (
    "CASE WHEN {0}.reltablespace <> 0 THEN (SELECT spcname FROM pg_tablespace WHERE oid = {0}.reltablespace) END"
)
TOAST = f"""(SELECT {_options("toast.reloptions")} FROM pg_class toast WHERE toast.oid = c.reltoastrelid)"""
STORED = f"""'options', {_options("c.reloptions")}, 'toast options', {TOAST}, 'tablespace', {TABLESPACE.format("c")},
        'access method', (SELECT amname FROM pg_am WHERE oid = c.relam)"""


def _columns(kinds: str) -> str:
    """The columns of relations of some kinds."""
    return (
        OWN
        + f"""SELECT format('%s.%I', c.named, a.attname), c.named, jsonb_build_object(
        'type', format_type(a.atttypid, a.atttypmod), 'not null', a.attnotnull,
        'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
        'generated', CASE WHEN a.attgenerated <> ''
            THEN a.attgenerated::text || ' ' || pg_get_expr(d.adbin, d.adrelid) END,
        'identity', a.attidentity, 'collation', nullif(a.attcollation, t.typcollation)::regcollation,
        'storage', nullif(a.attstorage, t.typstorage), 'compression', a.attcompression,
        'statistics', nullif(a.attstattarget, -1), 'options', a.attoptions,
        'grants', CASE WHEN a.attacl IS NOT NULL THEN {granted("a.attacl", "c.relowner")} END,
        'place', row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum),
        'comment', col_description(c.oid, a.attnum))
    FROM relations c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind IN ({kinds}) AND a.attnum > 0 AND NOT a.attisdropped"""
    )


QUERIES: dict[str, str] = {
    "schema": OWN
    + f"""SELECT format('%I', n.nspname), '', jsonb_build_object('grants', {grants("n.nspacl", "n.nspowner", "n")},
        'comment', obj_description(n.oid, 'pg_namespace'))
    FROM own JOIN pg_namespace n USING (oid)""",
    "extension": """SELECT format('%I', extname), '', jsonb_build_object('version', extversion,
        'schema', extnamespace::regnamespace) FROM pg_extension
    WHERE extname <> 'plpgsql'""",
    "table": OWN
    + f"""SELECT c.named, c.named, jsonb_build_object(
        'kind', c.relkind, 'persistence', c.relpersistence, {STORED}, 'identity', c.relreplident,
        'of type', nullif(c.reloftype, 0)::regtype,
        'row level security', c.relrowsecurity, 'forced row level security', c.relforcerowsecurity,
        'partitions', pg_get_partkeydef(c.oid), 'partition', pg_get_expr(c.relpartbound, c.oid),
        'inherits', (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno)
                     FROM pg_inherits WHERE inhrelid = c.oid),
        'grants', {grants("c.relacl", "c.relowner", "r")}, 'comment', obj_description(c.oid, 'pg_class'))
    FROM relations c WHERE c.relkind IN ('r', 'p', 'f')""",
    "column": _columns("'r', 'p', 'f', 'c'"),
    "view column": _columns("'v', 'm'"),
    "constraint": OWN
    + """SELECT format('%s.%I', coalesce(c.named, k.contypid::regtype::text), k.conname), coalesce(c.named, ''),
        jsonb_build_object('definition', pg_get_constraintdef(k.oid), 'validated', k.convalidated,
            'not enforced', (SELECT string_agg(DISTINCT tgenabled::text, ' ') FROM pg_trigger
                             WHERE tgconstraint = k.oid AND tgisinternal AND tgenabled <> 'O'),
            'inherited', NOT k.conislocal, 'comment', obj_description(k.oid, 'pg_constraint'))
    FROM pg_constraint k JOIN own ON own.oid = k.connamespace LEFT JOIN relations c ON c.oid = k.conrelid
    WHERE (c.oid IS NOT NULL OR k.contypid <> 0) AND k.contype <> 't'""",
    "index": OWN
    + f"""SELECT format('%I.%I', n.nspname, i.relname), c.named, jsonb_build_object(
        'definition', pg_get_indexdef(x.indexrelid), 'valid', x.indisvalid AND x.indisready, 'clustered',
        x.indisclustered,
        'replica identity', x.indisreplident, 'immediate', x.indimmediate, 'tablespace', {TABLESPACE.format("i")},
        'partition of', CASE WHEN i.relispartition
            THEN (SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = i.oid) END,
        'statistics', (SELECT string_agg(format('%s: %s', attnum, attstattarget), ', ' ORDER BY attnum)
                       FROM pg_attribute WHERE attrelid = i.oid AND attstattarget >= 0),
        'comment', obj_description(i.oid, 'pg_class'))
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN own n ON n.oid = i.relnamespace
    JOIN relations c ON c.oid = x.indrelid""",
    "view": OWN
    + f"""SELECT c.named, c.named, jsonb_build_object('kind', c.relkind, 'definition', pg_get_viewdef(c.oid),
        {STORED}, 'populated', c.relispopulated, 'grants', {grants("c.relacl", "c.relowner", "r")},
        'comment', obj_description(c.oid, 'pg_class'))
    FROM relations c WHERE c.relkind IN ('v', 'm')""",
    "sequence": OWN
    + f"""SELECT c.named, coalesce((SELECT min(d.refobjid::regclass::text) FROM pg_depend d
                     WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')), ''),
        jsonb_build_object('type', s.seqtypid::regtype, 'start', s.seqstart,
        'increment', s.seqincrement, 'least', s.seqmin, 'most', s.seqmax, 'cache', s.seqcache, 'cycle', s.seqcycle,
        'persistence', nullif(c.relpersistence, 'p'),
        'owned by', (SELECT format('%s.%I', a.attrelid::regclass, a.attname) FROM pg_depend d
                     JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                     WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')),
        'grants', {grants("c.relacl", "c.relowner", "s")}, 'comment', obj_description(c.oid, 'pg_class'))
    FROM relations c JOIN pg_sequence s ON s.seqrelid = c.oid""",
    "function": OWN
    + f"""SELECT format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), '',
        jsonb_build_object('kind', p.prokind, 'definition', CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid)
            ELSE (SELECT to_jsonb(a) - 'aggfnoid' || jsonb_build_object('aggtranstype', aggtranstype::regtype,
                'aggmtranstype', aggmtranstype::regtype, 'aggsortop', aggsortop::regoperator)
                FROM pg_aggregate a WHERE a.aggfnoid = p.oid)::text END,
        'grants', {grants("p.proacl", "p.proowner", "f")}, 'comment', obj_description(p.oid, 'pg_proc'))
    FROM pg_proc p JOIN own n ON n.oid = p.pronamespace
    WHERE NOT EXISTS (SELECT FROM foreign_ f WHERE f.classid = 'pg_proc'::regclass AND f.objid = p.oid)""",
    "trigger": OWN
    + """SELECT format('%s.%I', c.named, t.tgname), c.named, jsonb_build_object(
        'definition', pg_get_triggerdef(t.oid), 'enabled', t.tgenabled, 'comment', obj_description(t.oid, 'pg_trigger'))
    FROM pg_trigger t JOIN relations c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal""",
    "rule": OWN
    + """SELECT format('%s.%I', c.named, r.rulename), c.named, jsonb_build_object(
        'definition', pg_get_ruledef(r.oid), 'enabled', r.ev_enabled, 'comment', obj_description(r.oid, 'pg_rewrite'))
    FROM pg_rewrite r JOIN relations c ON c.oid = r.ev_class WHERE r.rulename <> '_RETURN'""",
    "policy": OWN
    + f"""SELECT format('%s.%I', c.named, p.polname), c.named, jsonb_build_object('command', p.polcmd,
        'permissive', p.polpermissive, 'using', pg_get_expr(p.polqual, p.polrelid),
        'check', pg_get_expr(p.polwithcheck, p.polrelid),
        'roles', (SELECT string_agg({POLICY_ROLE}, ', ' ORDER BY {POLICY_ROLE}) FROM unnest(p.polroles) one),
        'comment', obj_description(p.oid, 'pg_policy'))
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
        'grants', {grants("t.typacl", "t.typowner", "T")}, 'comment', obj_description(t.oid, 'pg_type'))
    FROM pg_type t JOIN own n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
      AND NOT EXISTS (SELECT FROM foreign_ f WHERE f.classid = 'pg_type'::regclass AND f.objid = t.oid)""",
    "statistics": OWN
    + """SELECT format('%I.%I', n.nspname, s.stxname), s.stxrelid::regclass::text, jsonb_build_object(
        'definition', pg_get_statisticsobjdef(s.oid), 'target', nullif(s.stxstattarget, -1),
        'comment', obj_description(s.oid, 'pg_statistic_ext'))
    FROM pg_statistic_ext s JOIN own n ON n.oid = s.stxnamespace""",
}
