/*
** support.h - the support bundle: a .tar.gz for somebody who is to help, and who has
** no business with what is in the data.
**
**   README.txt                  what is in it, and what was left out
**   version.json                the program, its libraries, the system
**   settings.json               as `outpost config`; other names of the environment
**                               (OUTPOST_*) and of the configuration file without values
**   doctor.json                 as `outpost doctor`
**   log.jsonl                   the last lines of logs/outpost.jsonl, see below
**   tenants/SLUG/file.json      sizes, schema, objects of the schema by name, counts
**   tenants/SLUG/runs.json      the last runs: states, times, counts
**   tenants/SLUG/changes.json   the last entries of the change log: event, table, count
**   tenants/SLUG/problem.txt    where the file, or a part of it, cannot be read: why
**
** Left out: cells, rows, original bytes, names of files (a hash and the ending
** stand for them) and of people (a hash), headings, messages of failed runs, names
** and texts of rules that people made, before and after of changes, texts of log lines
** except those that hold nothing but the program's own words, values of settings that
** the program does not know or that look like an address with a password, the signing
** key. Hashes are of no use to whoever cannot guess the text.
*/
#ifndef EXPORT_SUPPORT_H
#define EXPORT_SUPPORT_H

#include "store/store.h"

/* The settings in force, as JSON: given by who knows them, before a bundle is made.
** Not copied. */
void support_set_settings(const char *json);

/* The bundle's bytes; they live as long as the unit of work. */
int support_bundle(struct ctx *cx, struct store *s, struct str *out);

#endif
