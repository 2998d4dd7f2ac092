# ruff: noqa: S608 - put together from constants of this module only
"""The questions for the kinds that few schemas have, which are asked only where there are some."""

from __future__ import annotations

from infra_adapters.postgres.catalog.queries import OWN, QUERIES, granted


def _members(family: str, kind: str = "") -> str:
    """The operators and functions of a family, of those for a `kind` of values alone where one is given."""
    operators, functions = (f"AND {left} = {kind}" if kind else "" for left in ("amoplefttype", "amproclefttype"))
    return f"""'operators', (SELECT string_agg(format('%s %s %s', amopstrategy, amopopr::regoperator,
                (SELECT 'for ' || opfname FROM pg_opfamily WHERE oid = amopsortfamily)), ', '
                ORDER BY amopstrategy, amopopr::regoperator::text COLLATE "C")
            FROM pg_amop WHERE amopfamily = {family} {operators}),
        'functions', (SELECT string_agg(format('%s (%s, %s) %s', amprocnum, amproclefttype::regtype,
                amprocrighttype::regtype, amproc::regprocedure), ', '
                ORDER BY amprocnum, format('%s, %s', amproclefttype::regtype, amprocrighttype::regtype) COLLATE "C")
            FROM pg_amproc WHERE amprocfamily = {family} {functions})"""


def _made(catalog: str, row: str) -> str:
    """The condition that somebody made a row of a catalog, who is no extension."""
    return f"NOT EXISTS (SELECT FROM foreign_ f WHERE f.classid = '{catalog}'::regclass AND f.objid = {row}.oid)"


RARER = {
    "operator": OWN
    + f"""SELECT format('%I.%s(%s, %s)', n.nspname, o.oprname, nullif(o.oprleft, 0)::regtype,
            o.oprright::regtype), '',
        jsonb_build_object('function', nullif(o.oprcode, 0)::regprocedure, 'result', nullif(o.oprresult, 0)::regtype,
        'commutator', nullif(o.oprcom, 0)::regoperator, 'negator', nullif(o.oprnegate, 0)::regoperator,
        'restrict', nullif(o.oprrest, 0)::regproc, 'join', nullif(o.oprjoin, 0)::regproc,
        'hashes', o.oprcanhash, 'merges', o.oprcanmerge, 'comment', obj_description(o.oid, 'pg_operator'))
    FROM pg_operator o JOIN own n ON n.oid = o.oprnamespace WHERE {_made("pg_operator", "o")}""",
    "operator family": OWN
    + f"""SELECT format('%I.%I using %s', n.nspname, o.opfname, a.amname), '', jsonb_build_object(
        {_members("o.oid")}, 'comment', obj_description(o.oid, 'pg_opfamily'))
    FROM pg_opfamily o JOIN own n ON n.oid = o.opfnamespace JOIN pg_am a ON a.oid = o.opfmethod
    WHERE {_made("pg_opfamily", "o")}""",
    "operator class": OWN
    + f"""SELECT format('%I.%I using %s', n.nspname, o.opcname, a.amname), '', jsonb_build_object(
        'type', o.opcintype::regtype, 'stored', nullif(o.opckeytype, 0)::regtype, 'default', o.opcdefault,
        'family', (SELECT format('%s.%I', f.opfnamespace::regnamespace, f.opfname) FROM pg_opfamily f
                   WHERE f.oid = o.opcfamily),
        {_members("o.opcfamily", "o.opcintype")},
        'comment', obj_description(o.oid, 'pg_opclass'))
    FROM pg_opclass o JOIN own n ON n.oid = o.opcnamespace JOIN pg_am a ON a.oid = o.opcmethod
    WHERE {_made("pg_opclass", "o")}""",
    # Casts are in no schema; the server's own have the numbers below those that it gives out.
    "cast": OWN
    + f"""SELECT format('%s as %s', castsource::regtype, casttarget::regtype), '', jsonb_build_object(
        'function', nullif(castfunc, 0)::regprocedure, 'context', castcontext, 'method', castmethod,
        'comment', obj_description(c.oid, 'pg_cast'))
    FROM pg_cast c WHERE c.oid >= 16384 AND {_made("pg_cast", "c")}""",
    # Its version is that of a library of the machine. PostgreSQL 17 gave the locale another name, 16 brought rules.
    "collation": OWN
    + f"""SELECT format('%I.%I', n.nspname, c.collname), '', jsonb_build_object('provider', c.collprovider,
        'collate', c.collcollate, 'ctype', c.collctype, 'not deterministic', NOT c.collisdeterministic,
        'locale', coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale'),
        'rules', to_jsonb(c) ->> 'collicurules', 'comment', obj_description(c.oid, 'pg_collation'))
    FROM pg_collation c JOIN own n ON n.oid = c.collnamespace WHERE {_made("pg_collation", "c")}""",
    "text search configuration": OWN
    + f"""SELECT format('%I.%I', n.nspname, c.cfgname), '', jsonb_build_object(
        'parser', (SELECT format('%s.%I', prsnamespace::regnamespace, prsname) FROM pg_ts_parser
                   WHERE oid = c.cfgparser),
        'dictionaries', (SELECT string_agg(format('%s: %s', maptokentype, mapdict::regdictionary), ', '
                                           ORDER BY maptokentype, mapseqno) FROM pg_ts_config_map WHERE mapcfg = c.oid),
        'comment', obj_description(c.oid, 'pg_ts_config'))
    FROM pg_ts_config c JOIN own n ON n.oid = c.cfgnamespace WHERE {_made("pg_ts_config", "c")}""",
    "text search dictionary": OWN
    + f"""SELECT format('%I.%I', n.nspname, d.dictname), '', jsonb_build_object(
        'template', (SELECT format('%s.%I', tmplnamespace::regnamespace, tmplname) FROM pg_ts_template
                     WHERE oid = d.dicttemplate),
        'options', d.dictinitoption, 'comment', obj_description(d.oid, 'pg_ts_dict'))
    FROM pg_ts_dict d JOIN own n ON n.oid = d.dictnamespace WHERE {_made("pg_ts_dict", "d")}""",
    "publication": OWN
    + """SELECT format('%I', p.pubname), '', to_jsonb(p) - '{oid,pubname,pubowner}'::text[]
        || jsonb_build_object(
        'tables', (SELECT string_agg(format('%s (%s) %s', r.prrelid::regclass, (SELECT string_agg(attname, ', '
                           ORDER BY attnum) FROM pg_attribute WHERE attrelid = r.prrelid AND attnum = ANY (r.prattrs)),
                       pg_get_expr(r.prqual, r.prrelid)), ', ' ORDER BY r.prrelid::regclass::text COLLATE "C")
                   FROM pg_publication_rel r WHERE r.prpubid = p.oid),
        'schemas', (SELECT string_agg(pnnspid::regnamespace::text, ', '
                           ORDER BY pnnspid::regnamespace::text COLLATE "C")
                    FROM pg_publication_namespace WHERE pnpubid = p.oid),
        'comment', obj_description(p.oid, 'pg_publication'))
    FROM pg_publication p""",
    "event trigger": OWN
    + f"""SELECT format('%I', evtname), '', jsonb_build_object('event', evtevent, 'tags', evttags,
        'function', evtfoid::regproc, 'enabled', evtenabled, 'comment', obj_description(e.oid, 'pg_event_trigger'))
    FROM pg_event_trigger e WHERE {_made("pg_event_trigger", "e")}""",
    # Whose default they are is a part of the name, but for the owner of the schema, or of the database.
    "default privilege": OWN
    + f"""SELECT concat_ws(' ', coalesce(quote_ident(n.nspname), 'everywhere'), d.defaclobjtype,
            CASE WHEN d.defaclrole <> coalesce(nullif(n.nspowner, 'pg_database_owner'::regrole), b.datdba)
                 THEN 'of ' || d.defaclrole::regrole END), '',
        jsonb_build_object('grants', {granted("d.defaclacl", "d.defaclrole")})
    FROM pg_default_acl d JOIN pg_database b ON b.datname = current_database()
    LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace""",
}
CATALOGS = {
    "view": "pg_class WHERE relkind IN ('v', 'm') AND",
    "view column": "pg_class WHERE relkind IN ('v', 'm') AND",
    "trigger": "pg_trigger WHERE NOT tgisinternal AND",
    "rule": "pg_rewrite WHERE rulename <> '_RETURN' AND",
    "policy": "pg_policy WHERE",
    "statistics": "pg_statistic_ext WHERE",
    "operator": "pg_operator WHERE",
    "operator family": "pg_opfamily WHERE",
    "operator class": "pg_opclass WHERE",
    "cast": "pg_cast WHERE",
    "collation": "pg_collation WHERE",
    "text search configuration": "pg_ts_config WHERE",
    "text search dictionary": "pg_ts_dict WHERE",
    "publication": "pg_publication WHERE",
    "event trigger": "pg_event_trigger WHERE",
    "default privilege": "pg_default_acl WHERE",
}
"""Where the kinds are kept that need not be asked for: nothing that somebody made has a number below 16384."""
ALL = QUERIES | RARER
THERE = " UNION ALL ".join(
    f"SELECT '{kind}' WHERE EXISTS (SELECT FROM {catalog} oid >= 16384)" for kind, catalog in CATALOGS.items()
)
"""Which of them there are."""
